/** Whether the hosts that EU tenants may send to are named closely enough for somebody to answer for them. Pure. */

import { accepted, failing, ok, type Finding } from './finding.ts';

/** Names below these belong to anybody: clouds, and registries of countries that sell names one level deeper. */
const SHARED_SUFFIXES: readonly string[] =
  'amazonaws.com cloudfront.net elasticbeanstalk.com on.aws azure.com azurewebsites.net azurefd.net cloudapp.net windows.net powerplatform.com googleapis.com run.app appspot.com web.app firebaseapp.com cloudfunctions.net workers.dev pages.dev r2.dev vercel.app netlify.app herokuapp.com fly.dev onrender.com github.io gitlab.io ngrok.io ngrok.app ngrok-free.app trycloudflare.com loca.lt ovh.net scw.cloud blogspot.com azurecontainerapps.io'.split(
    ' ',
  );
/** A registry's own second level: `co.uk`, `com.fr`, `gouv.fr`. */
const REGISTRY_PATTERN = /^(?:ac|asso|co|com|edu|gob|gov|gouv|govt|mil|net|nom|or|org)\.[a-z]{2}$/;

/** `text` is RELAY_EGRESS_ALLOW. Whether the relay can read it is checked with the settings. */
export function checkEgressList(text: string): readonly Finding[] {
  const entries = text
    .toLowerCase()
    .split(/[\s,]+/)
    .filter((entry) => entry !== '');
  const wide = entries.filter((entry) => entry.startsWith('*.') && isShared(entry.slice(2)));
  const wildcards = entries.filter((entry) => entry.startsWith('*.') && !wide.includes(entry));
  return [
    ...wide.map((entry) =>
      failing(
        ['egress', 'egress_allow'],
        `RELAY_EGRESS_ALLOW has ${entry}: anybody can have a name below it.`,
        'Name the hosts themselves instead: `npm run deploy:setup -- --env eu --allow "edr.acme.fr"`, then deploy.',
      ),
    ),
    ...wildcards.map((entry) =>
      accepted(
        ['egress', 'egress_allow'],
        `RELAY_EGRESS_ALLOW has ${entry}: every host below it is taken, wherever it stands.`,
        'Name single hosts where you can.',
      ),
    ),
    ...(wide.length + wildcards.length > 0
      ? []
      : [
          ok(
            ['egress', 'egress_allow'],
            `RELAY_EGRESS_ALLOW names ${entries.length} hosts, each by its name.`,
          ),
        ]),
  ];
}

function isShared(suffix: string): boolean {
  return (
    REGISTRY_PATTERN.test(suffix) ||
    SHARED_SUFFIXES.some((shared) => suffix === shared || suffix.endsWith(`.${shared}`))
  );
}
