/** `noxys-relay test TENANT [DESTINATION]`: has destinations tested, past the log, and shows what was found. */

import { existsSync } from 'node:fs';
import { resolve } from 'node:path';

import { Command } from '@commander-js/extra-typings';

import { isRecord } from '../../src/lib/record.ts';
import { SHAPES } from '../api-shapes.ts';
import type { Act } from '../action.ts';
import { tenantPath } from '../api-paths.ts';
import type { DestinationTested, TenantShown } from '../api-types.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { invalidInput } from '../failure.ts';
import { tenantId } from '../option-values.ts';
import { isDelivered, testsText } from '../output/tests-text.ts';
import type { Session } from '../session.ts';
import { readTenantFiles } from '../tenant-files/read-folder.ts';

interface Tested {
  readonly tenant: string;
  /** Undefined: all of them. */
  readonly destination: string | undefined;
  /** A tenant file, or a folder of them; undefined: what the relay has. */
  readonly file: string | undefined;
}

export function testCommand(act: Act) {
  return new Command('test')
    .summary('test the destinations of a tenant')
    .description(
      'Tests one destination, or each: sends a marked test event, or asks harmlessly where an event would change something, and shows\nwhat was answered. Nothing is stored. With -f the tenant is tested as its file has it, before it is applied, which needs the role admin.\nExit code 1 when a test fails.',
    )
    .argument('<tenant>', "the tenant's id", tenantId)
    .argument('[destination]', "a destination's name; without it, all of them")
    .option('-f, --file <path>', 'test what is in the tenant file, or the folder of tenant files')
    .action(
      act(async (session: Session, tenant, destination, { file }) =>
        test(session, { tenant, destination, file }),
      ),
    );
}

async function test(session: Session, { tenant, destination, file }: Tested): Promise<ExitCode> {
  const document = file === undefined ? undefined : documentOf(session, tenant, file);
  const api = await session.api();
  const names =
    destination === undefined
      ? namesIn(document === undefined ? await storedConfig(session, tenant) : document)
      : [destination];
  const tested: DestinationTested[] = [];
  for (const name of names) {
    const answer = await api.ask<DestinationTested>(`test ${name}`, {
      method: 'POST',
      shape: SHAPES.tested,
      path: tenantPath(tenant, 'destinations', name, 'test'),
      ...(document !== undefined && { body: document }),
    });
    tested.push(answer);
  }
  session.out.result({ tenant, destinations: tested }, () => testsText(session.out, tested));
  return tested.every(({ tests }) => tests.every(isDelivered)) ? EXIT.ok : EXIT.failed;
}

/** The tenant's document, references resolved; its secrets are concealed from then on. */
function documentOf(session: Session, tenant: string, file: string): unknown {
  if (!existsSync(resolve(session.io.cwd, file)))
    throw invalidInput(`${file} is not there.`, 'Name the tenant file with -f.');
  const found = readTenantFiles(session, [file]).find(({ id }) => id === tenant);
  if (!found) throw invalidInput(`No tenant file in ${file} is of ${tenant}.`, 'Name its file with -f.');
  return JSON.parse(found.json);
}

async function storedConfig(session: Session, tenant: string): Promise<unknown> {
  const api = await session.api();
  const { config } = await api.ask<TenantShown>('read the tenant', {
    method: 'GET',
    shape: SHAPES.tenant,
    path: tenantPath(tenant),
  });
  return config;
}

function namesIn(config: unknown): readonly string[] {
  const destinations: unknown = isRecord(config) ? config['destinations'] : undefined;
  return (Array.isArray(destinations) ? destinations : []).flatMap((destination: unknown) => {
    const name = isRecord(destination) ? destination['name'] : undefined;
    return typeof name === 'string' ? [name] : [];
  });
}
