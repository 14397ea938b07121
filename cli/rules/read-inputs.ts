/** Files that rules are tested with: one Sigma text, one Noxys event. Throws a CliFailure that names the file. */

import { resolve } from 'node:path';

import { RULE_TEXT_LENGTH_MAX } from '../../src/domain/rules-config.ts';
import { isRecord } from '../../src/lib/record.ts';
import { invalidInput } from '../failure.ts';
import type { Io } from '../io.ts';
import { readRegularFile } from '../tenant-files/regular-file.ts';

/** As a webhook's body may be. */
const EVENT_BYTES_MAX = 256 * 1024;
const BYTE_ORDER_MARK = '\uFEFF';

/** The text of a rule file; `-` is stdin. */
export async function readRuleFile(io: Io, file: string): Promise<string> {
  return readText(io, file, RULE_TEXT_LENGTH_MAX);
}

/** A Noxys event as a webhook has it: one JSON object; `-` is stdin. */
export async function readEventFile(io: Io, file: string): Promise<unknown> {
  const text = await readText(io, file, EVENT_BYTES_MAX);
  const event = parse(text, file);
  if (Array.isArray(event) && event.length === 1) return event[0] as unknown;
  if (isRecord(event) && !Array.isArray(event)) return event;
  throw invalidInput(`${file} is no single event: it must be one JSON object, as a webhook has it.`);
}

function parse(text: string, file: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw invalidInput(`${file} is not JSON.`);
  }
}

async function readText({ cwd, stdin }: Io, file: string, bytesMax: number): Promise<string> {
  const bytes = file === '-' ? await stdin.readAll() : readFile(cwd, file, bytesMax);
  if (bytes.byteLength > bytesMax) throw invalidInput(`${file} is larger than ${bytesMax / 1024} KiB.`);
  const text = new TextDecoder().decode(bytes);
  return text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text;
}

function readFile(cwd: string, file: string, bytesMax: number): Uint8Array {
  const bytes = readRegularFile(resolve(cwd, file), bytesMax);
  if (!bytes.ok) throw invalidInput(`${file} ${bytes.error.message}.`);
  return bytes.value;
}
