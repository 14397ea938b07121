import { describe, expect, it } from 'vitest';

import { FakeIo, ORIGIN, TOKEN } from './fake-io.ts';
import { MoveRelays, OTHER, OTHER_TOKEN, problem } from './move-relays.ts';

const MOVE = 'tenants move acme --to eu';
const ELSEWHERE = `${MOVE} --to-url ${OTHER} --to-token-file token`;
const WHOLE = [
  'GET move',
  'POST move/offer',
  'POST arrival/check',
  'POST move',
  'GET arrival',
  ...Array.from({ length: 3 }, () => ['POST move/pages', 'POST arrival/pages']).flat(),
  'POST move/finish',
  'POST arrival/activate',
  'POST move/settle',
];

function fakeFor(relays: MoveRelays, answers?: (string | null)[]): FakeIo {
  const files = { token: `${OTHER_TOKEN}\n` };
  return new FakeIo({ fetch: relays.fetch, files, ...(answers && { answers }) });
}

describe('noxys-relay tenants move', () => {
  it('takes the steps in the order that keeps the tenant whole, once somebody has typed that it is meant', async () => {
    const relays = new MoveRelays();
    const fake = fakeFor(relays, ['move acme to eu']);
    const ran = await fake.run(MOVE);
    expect([ran.code, relays.steps()]).toEqual([0, WHOLE]);
    expect(ran.stdout).toContain('acme is eu now, at version 5; 3 pages came with this run.');
    expect(ran.stdout).toContain('residency: eu');
    expect(fake.asked).toEqual([expect.stringContaining('Type "move acme to eu"')]);
    expect(relays.asked.filter(({ step }) => step === 'POST arrival/pages').map(({ body }) => body)).toEqual(
      [0, 1, 2].map((n) => ({ to: 'eu', sealed: `page ${n}` })),
    );
    expect(relays.asked.find(({ step }) => step === 'POST move')?.body).toEqual({ to: 'eu', version: 4 });
  });

  it('changes nothing where somebody types something else, and where nobody can be asked', async () => {
    for (const answers of [['yes'], undefined]) {
      const relays = new MoveRelays();
      const ran = await fakeFor(relays, answers).run(MOVE);
      expect(ran.code).not.toBe(0);
      expect(relays.steps()).toEqual(WHOLE.slice(0, 3));
      expect(ran.stderr).toMatch(/[Nn]othing was changed/);
    }
  });

  it('shows the faults that the config would have there, and changes nothing', async () => {
    const relays = new MoveRelays();
    relays.intercept = ({ step }) =>
      step === 'POST arrival/check'
        ? problem(422, 'config_invalid', 'The config has one fault.', {
            faults: [{ path: 'destinations[0].base_url', message: 'is not allowed' }],
          })
        : undefined;
    const ran = await fakeFor(relays).run(`${MOVE} --yes`);
    expect([ran.code, relays.steps()]).toEqual([2, WHOLE.slice(0, 3)]);
    expect(ran.stderr).toContain('destinations[0].base_url is not allowed');
  });

  it.each(WHOLE.slice(3))('goes on where a run before it broke off: at %s', async (broken) => {
    const relays = new MoveRelays();
    let isBroken = false;
    relays.intercept = ({ step }) => {
      if (step !== broken || isBroken) return undefined;
      isBroken = true;
      return problem(500, 'internal_error', 'An internal error occurred.');
    };
    const fake = fakeFor(relays);
    expect((await fake.run(`${MOVE} --yes`)).code).toBe(1);
    const ran = await fake.run(`${MOVE} --yes`);
    expect([ran.code, relays.isActive, relays.source, relays.came]).toEqual([0, true, 'settled', 3]);
    const count = (step: string) => relays.steps().filter((one) => one === step).length;
    expect(count('POST arrival/pages') - (broken === 'POST arrival/pages' ? 1 : 0)).toBe(3);
  });

  it('waits while the tenant comes to rest', async () => {
    const relays = new MoveRelays();
    let asked = 0;
    relays.intercept = ({ step }) =>
      step === 'POST move' && ++asked < 4
        ? new Response(problem(503, 'unavailable', 'later').body, {
            status: 503,
            headers: { 'retry-after': '2' },
          })
        : undefined;
    const fake = fakeFor(relays);
    expect((await fake.run(`${MOVE} --yes`)).code).toBe(0);
    expect([asked, fake.sleptMs]).toEqual([4, 6_000]);
  });

  it('ends at the old place only once the edge knows the new one, so that no sender is refused', async () => {
    const relays = new MoveRelays();
    let isPublished = false;
    relays.intercept = ({ step }) =>
      step === 'POST arrival/activate' ? Response.json({ version: 5, published: isPublished }) : undefined;
    const fake = fakeFor(relays);
    const ran = await fake.run(`${MOVE} --yes`);
    expect([ran.code, relays.source]).toEqual([1, 'departed']);
    expect(ran.stderr).toContain('Run the command again');
    isPublished = true;
    expect([(await fake.run(`${MOVE} --yes`)).code, relays.source]).toEqual([0, 'settled']);
  });

  it('gives each deployment its own token, and says what is to be changed in Noxys', async () => {
    const relays = new MoveRelays();
    relays.overflowing = 2;
    const ran = await fakeFor(relays).run(`${ELSEWHERE} --yes`);
    expect(ran.code).toBe(0);
    const places = new Map(relays.asked.map(({ step, origin }) => [step, origin]));
    expect([places.get('POST move/pages'), places.get('POST arrival/pages')]).toEqual([ORIGIN, OTHER]);
    expect(ran.stdout).toContain(`${OTHER}/hooks/acme`);
    expect(ran.stderr).toContain('2 messages wait in the overflow queue');
    expect(ran.all).not.toContain(TOKEN);
    expect(ran.all).not.toContain(OTHER_TOKEN);
  });

  it.each<[string, RegExp]>([
    [`${MOVE} --to-url ${OTHER} --yes`, /--to-token-file/],
    [`${MOVE} --to-token-file token --yes`, /belongs to --to-url/],
    [`${MOVE} --to-url ${ORIGIN} --to-token-file token --yes`, /is the relay itself/],
    [`${MOVE} --abandon --leave-eu`, /leave out --leave-eu/],
    ['tenants move acme --yes', /--to/],
    ['tenants move acme --to mars --yes', /eu, global/],
  ])('refuses %s, and asks nothing', async (args, words) => {
    const relays = new MoveRelays();
    const ran = await fakeFor(relays).run(args);
    expect([ran.code, relays.asked]).toEqual([2, []]);
    expect(ran.stderr).toMatch(words);
  });

  it('names the option that the other address came from', async () => {
    for (const [line, words] of [
      [ELSEWHERE.replace(OTHER, 'http://foo.example.com'), '--to-url must begin with https://'],
      [ELSEWHERE.replace(OTHER, 'foo'), 'Check --to-url and that the relay runs'],
    ] as const) {
      const relays = new MoveRelays();
      const fetch: typeof relays.fetch = async (input, init) => {
        if (new Request(input, init).url.startsWith('https://foo/')) throw new TypeError('fetch failed');
        return relays.fetch(input, init);
      };
      const { stderr } = await new FakeIo({ fetch, files: { token: OTHER_TOKEN } }).run(`${line} --yes`);
      expect(stderr).toContain(words);
      expect(stderr).not.toContain('NOXYS_RELAY_URL');
    }
  });

  it('speaks of the option alone where the data would leave the EU', async () => {
    const relays = new MoveRelays();
    relays.intercept = ({ step }) =>
      step === 'POST move/offer'
        ? problem(
            409,
            'move_refused',
            "The tenant's data would leave the EU: say so (leave_eu, or --leave-eu), if they are meant to.",
          )
        : undefined;
    const { stderr } = await fakeFor(relays).run('tenants move acme --to global --yes');
    expect(stderr).toContain('would leave the EU: say so (--leave-eu), if they are meant to.');
    expect(stderr).not.toContain('leave_eu');
  });

  it('says that the data leave the EU only when it is told to', async () => {
    const relays = new MoveRelays();
    await fakeFor(relays).run('tenants move acme --to global --leave-eu --yes');
    const begun = relays.asked.filter(({ step }) => step === 'POST move' || step === 'POST move/offer');
    expect(begun.map(({ body }) => body['leave_eu'])).toEqual([true, true]);
  });

  it('goes nowhere else than an earlier run did, and not twice', async () => {
    const relays = new MoveRelays();
    relays.source = 'leaving';
    const other = await fakeFor(relays).run('tenants move acme --to global --yes');
    expect([other.code, other.stderr]).toEqual([1, expect.stringContaining('on its way to eu')]);
    relays.source = 'settled';
    const again = await fakeFor(relays).run(`${MOVE} --yes`);
    expect([again.code, again.stderr]).toEqual([1, expect.stringContaining('has moved to eu already')]);
  });
});

describe('noxys-relay tenants move --abandon', () => {
  it('has the source go on before what came is wiped', async () => {
    const relays = new MoveRelays();
    relays.source = 'leaving';
    relays.came = 2;
    const ran = await fakeFor(relays).run(`${MOVE} --abandon`);
    expect([ran.code, ran.stdout]).toEqual([0, 'acme stays where it is, and is at work.\n']);
    expect(relays.steps()).toEqual(['GET move', 'GET arrival', 'POST move/abandon', 'POST arrival/abandon']);
  });

  it('is refused once the tenant is handed over, and where there is no move', async () => {
    const relays = new MoveRelays();
    relays.source = 'departed';
    relays.came = 3;
    const late = await fakeFor(relays).run(`${MOVE} --abandon`);
    expect([late.code, late.stderr]).toEqual([1, expect.stringContaining('without --abandon')]);
    const none = await fakeFor(new MoveRelays()).run(`${MOVE} --abandon`);
    expect([none.code, none.stderr]).toEqual([1, expect.stringContaining('is on no move')]);
  });
});
