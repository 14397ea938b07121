/** What to do after `init`. Pure. */

import { shellQuoted } from '../completion/scripts.ts';
import type { WrittenFiles } from './write-tenant.ts';

export interface Done {
  readonly id: string;
  readonly folder: string;
  readonly written: WrittenFiles;
  readonly isMadeUp: boolean;
  readonly isTested: boolean;
}

/** Where the other commands look by themselves. */
const DEFAULT_FOLDER = 'tenants';

export function nextSteps({ id, folder, written, isMadeUp, isTested }: Done): string {
  const { file, envFile, variables } = written;
  const place = shellWord(folder);
  const files = folder === DEFAULT_FOLDER ? '' : ` -f ${place}`;
  return [
    `Wrote ${file}, and ${variables.join(', ')} to ${envFile}.`,
    ...(isTested ? [] : ['Nothing was tested: no relay was named, or --no-test was said.']),
    '',
    'Next:',
    `  npx noxys-relay apply -f ${place}`,
    `  npx noxys-relay send-test-event ${id}${files}`,
    `Then create the webhook in Noxys, to <the relay's address>/hooks/${id}.`,
    ...(isMadeUp
      ? [
          'The webhook secret was made up. Once Noxys shows its own:',
          `  npx noxys-relay rotate-secret ${id} webhook.secrets${files}`,
        ]
      : []),
  ].join('\n');
}

function shellWord(text: string): string {
  return /^[\w./@:+-]+$/.test(text) ? text : shellQuoted(text);
}
