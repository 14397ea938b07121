import { afterEach, describe, expect, it } from 'vitest';

import { DELIVERED, Stage, type StageOptions } from './finding-stage.ts';

const ME = '/api/auth/users/me';
const VERSION = '/api/version';

let stage: Stage;
const start = async (options: StageOptions = {}) => {
  stage = await Stage.start(options);
};
afterEach(async () => stage.stop());

const detailOf = async (): Promise<string> => {
  const { outcome } = await stage.checkConnection();
  return outcome.kind === 'blocked' || outcome.kind === 'retry' ? outcome.detail : '';
};

describe('the check of a connection', () => {
  it('says whose token it is and which version answers', async () => {
    await start();
    expect(await stage.checkConnection()).toEqual({
      outcome: DELIVERED,
      notes: ['Signed in as relay.', 'HarfangLab 2.29.7.'],
    });
  });

  it('asks again with a slash where the manager adds one', async () => {
    await start();
    stage.fail(ME, { status: 301, headers: { location: `${ME}/` }, body: '' });
    expect(await stage.checkConnection()).toMatchObject({ outcome: DELIVERED });
  });

  it('is content without a name and a version', async () => {
    await start();
    stage.fail(ME, { status: 200, body: {} });
    stage.fail(VERSION, { status: 500 });
    expect(await stage.checkConnection()).toEqual({
      outcome: DELIVERED,
      notes: ['The token is taken.', 'The manager does not tell its version.'],
    });
  });

  it('says where a new token is made when this one is not valid, and quotes none of it', async () => {
    await start({ config: { token: 'old-token' } });
    const { outcome, notes } = await stage.checkConnection();
    expect(outcome).toMatchObject({ kind: 'blocked', reason: 'unauthorized' });
    expect(notes).toEqual([]);
    expect(await detailOf()).toMatch(/Administration, Users, the user, Generate token.*without token_$/);
    expect(await detailOf()).not.toContain('old-token');
  });

  it('tells a portal from a manager, and which port to try', async () => {
    await start();
    stage.manager.presentLoginPage();
    const { outcome } = await stage.checkConnection();
    expect(outcome).toMatchObject({ kind: 'blocked', reason: 'html_answer' });
    expect(await detailOf()).toContain(
      "a portal's or another product's, or its port is missing: try https://",
    );
    expect(await detailOf()).toContain(':8443');
  });

  it.each(['native', 'both'])('finds no manager where there is no such path, in mode %s', async (mode) => {
    await start({ config: { mode } });
    stage.fail(ME, { status: 404, body: {} });
    expect((await stage.checkConnection()).outcome).toMatchObject({ reason: 'no_such_endpoint' });
  });

  it("leaves it to the lanes' tests where the guide's API stands alone", async () => {
    await start({ config: { mode: 'events' } });
    for (const path of [ME, VERSION]) stage.fail(path, { status: 404, body: {} });
    expect(await stage.checkConnection()).toEqual({
      outcome: DELIVERED,
      notes: [
        `This manager has no ${ME}: only the tests of its lanes tell whether it takes the token.`,
        'The manager does not tell its version.',
      ],
    });
  });

  it('names the likely causes when nothing answers', async () => {
    await start();
    stage.fail(ME, { drop: 'before_reading' });
    expect(await detailOf()).toMatch(
      /can not be reached from the internet, or its port is missing: try .*:8443$/,
    );
    stage.manager.heal();
    stage.fail(ME, { hang: true });
    expect((await stage.checkConnection()).outcome).toMatchObject({ kind: 'retry', reason: 'timeout' });
  });

  it('puts one full stop between what happened and what to do', async () => {
    await start();
    stage.fetch = async () => {
      throw new TypeError('Network connection lost.');
    };
    expect(await detailOf()).toMatch(/: Network connection lost\. The manager can not be reached/);
  });

  it('says of a private certificate what Cloudflare can do, and what not', async () => {
    await start();
    stage.fetch = async () => {
      throw new TypeError("TLS peer's certificate is not trusted; reason = self signed certificate");
    };
    expect((await stage.checkConnection()).outcome).toMatchObject({ kind: 'blocked', reason: 'tls_failure' });
    expect(await detailOf()).toMatch(
      /publicly trusted certificates only.*can not skip the check.*or put a tunnel in front/,
    );
  });
});
