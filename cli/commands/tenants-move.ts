/** `noxys-relay tenants move TENANT --to RESIDENCY`: takes a tenant, with everything that it has, to another place. */

import { Command, Option } from '@commander-js/extra-typings';

import { RESIDENCIES } from '../../src/domain/tenant-config.ts';
import type { Act } from '../action.ts';
import { invalidInput } from '../failure.ts';
import { abandonMove, moveTenant, type Moved } from '../move/move-tenant.ts';
import { targetApi } from '../move/target.ts';
import { tenantId } from '../option-values.ts';
import { count } from '../output/time.ts';
import type { Session } from '../session.ts';

export function tenantsMoveCommand(act: Act) {
  return new Command('move')
    .summary('move a tenant to another residency or deployment')
    .description(
      "Takes a tenant with all it has stored to the other residency, or to another deployment, and erases it where it was. What passes through is sealed.\nThe other deployment needs this one's master key, as its own or as RELAY_MASTER_KEY_PREVIOUS. Run it again to go on after a break.",
    )
    .argument('<tenant>', "the tenant's id", tenantId)
    .addOption(
      new Option('--to <residency>', 'where its data are to rest').choices(RESIDENCIES).makeOptionMandatory(),
    )
    .option('--to-url <url>', 'origin of the other deployment; without it: the same one')
    .option('--to-token-file <file>', "file with the other deployment's token")
    .option('--leave-eu', 'its data may leave the EU')
    .option('--abandon', 'go back: it stays where it is')
    .option('-y, --yes', 'move without asking')
    .action(
      act(async (session: Session, tenant: string, options) => {
        const { to, toUrl, toTokenFile, abandon } = options;
        const target = await targetApi(session, { toUrl, toTokenFile });
        const ends = { source: await session.api(), target, tenant, to };
        if (abandon === true) {
          if (options.leaveEu === true) throw invalidInput('--abandon moves nothing: leave out --leave-eu.');
          const abandoned = await abandonMove(ends);
          session.out.result(
            { tenant, ...abandoned, abandoned: true },
            () => `${tenant} stays where it is, and is at work.`,
          );
          return undefined;
        }
        const moved = await moveTenant(session, ends, {
          leavesEu: options.leaveEu === true,
          isAgreed: options.yes === true,
        });
        const isElsewhere = toUrl !== undefined;
        session.out.result({ tenant, to, ...moved }, () =>
          textOf({ tenant, to, moved, origin: isElsewhere ? target.origin : undefined }),
        );
        return undefined;
      }),
    );
}

interface Done {
  readonly tenant: string;
  readonly to: string;
  readonly moved: Moved;
  /** Of another deployment. */
  readonly origin: string | undefined;
}

function textOf({ tenant, to, moved, origin }: Done): string {
  return [
    `${tenant} is ${to} now, at version ${moved.version}; ${count(moved.pages, 'page')} came with this run.`,
    ...(origin === undefined
      ? []
      : [
          `Change its webhook in Noxys to ${origin}/hooks/${tenant}: senders at the old address are answered 503 for 15 more minutes, then 401.`,
          'Its tokens hold no longer: mint new ones there.',
        ]),
    `Write residency: ${to} into its tenant file before you apply it again.`,
  ].join('\n');
}
