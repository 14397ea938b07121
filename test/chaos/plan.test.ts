import { describe, expect, it } from 'vitest';

import { type ChaosOptions, parseOptions } from './options.ts';
import { makePlan } from './plan.ts';

function optionsOf(...args: string[]): ChaosOptions {
  const parsed = parseOptions(args);
  if (parsed.kind !== 'run') throw new Error(`Cannot plan as the options must be right: ${args.join(' ')}`);
  return parsed.options;
}

describe('the plan of a run', () => {
  it('is the same for the same seed and another one for another', () => {
    expect(makePlan(optionsOf('--seed', '7'))).toEqual(makePlan(optionsOf('--seed', '7')));
    expect(makePlan(optionsOf('--seed', '8')).fingerprint).not.toBe(
      makePlan(optionsOf('--seed', '7')).fingerprint,
    );
  });

  it('sends as many events as asked for, each with an id of its own, over all tenants', () => {
    const { tenants } = makePlan(optionsOf('--events', '1001', '--tenants', '4'));
    const ids = tenants.flatMap(({ webhooks }) =>
      webhooks.flatMap(({ events }) => events.map(({ id }) => id)),
    );
    expect(new Set(ids).size).toBe(1001);
    expect(tenants).toHaveLength(4);
  });

  it('spoils different events, at destinations that every tenant has', () => {
    const { spoilt } = makePlan(optionsOf('--poison', '5', '--refused', '4'));
    expect(new Set(spoilt.map(({ id }) => id)).size).toBe(9);
    expect(spoilt.filter(({ status }) => status === 500)).toHaveLength(5);
  });

  it('kills as often as asked for, and leaves accept alone for 3 s before each', () => {
    const { actions } = makePlan(optionsOf('--kills', '8'));
    const kills = actions.filter(({ kind }) => kind === 'kill');
    expect(kills).toHaveLength(8);
    const faulty = actions.flatMap((action, i) => {
      if (action.kind !== 'accept faults' || action.share === 0) return [];
      const end = actions.slice(i + 1).find(({ kind }) => kind === 'accept faults');
      return [{ fromMs: action.atMs, toMs: (end?.atMs ?? 0) + 3_000 }];
    });
    expect(faulty.length).toBeGreaterThan(0);
    const near = kills.filter(({ atMs }) => faulty.some(({ fromMs, toMs }) => atMs > fromMs && atMs < toMs));
    expect(near).toEqual([]);
  });

  it('takes every change of a config back that lasts', () => {
    const { actions, tenants } = makePlan(optionsOf());
    for (const { id } of tenants) {
      const changes = actions.flatMap((action) =>
        action.kind === 'config' && action.tenant === id ? [action.change] : [],
      );
      const count = (change: string): number => changes.filter((each) => each === change).length;
      expect(count('disable')).toBe(count('enable'));
      expect(count('remove')).toBe(count('add'));
      expect(count('narrow filter')).toBe(count('widen filter'));
    }
  });
});

describe('the command line', () => {
  it('has defaults for everything', () => {
    expect(optionsOf()).toMatchObject({ seed: 1, events: 20_000, isJson: false });
  });

  it.each([
    [['--seed', 'one'], '--seed must be a whole number'],
    [['--events', '5'], '--events must be a whole number from 100'],
    [['--tenants', '2'], '--tenants must be a whole number from 3'],
    [['--speed', '1'], "Unknown option '--speed'"],
    [['--events'], "'--events <value>' argument missing"],
    [['twenty'], "Unexpected argument 'twenty'"],
  ])('names what is wrong with %j', (args, message) => {
    const parsed = parseOptions(args);
    expect(parsed).toMatchObject({ kind: 'wrong', message: expect.stringContaining(message) as string });
  });

  it('asks for nothing else when help is asked for', () => {
    expect(parseOptions(['--help'])).toEqual({ kind: 'help' });
  });
});
