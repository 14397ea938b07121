/** `noxys-relay detections explain TENANT ID`: why each response to a detection did or did not run. */

import { Command } from '@commander-js/extra-typings';

import type { Act } from '../action.ts';
import { tenantPath } from '../api-paths.ts';
import { SHAPES } from '../api-shapes.ts';
import type { ExplainedDetection } from '../api-types.ts';
import { tenantId } from '../option-values.ts';
import { explainedText } from '../output/detections-text.ts';
import type { Session } from '../session.ts';

export function explainCommand(act: Act) {
  return new Command('explain')
    .summary('why each response to a detection did or did not run')
    .argument('<tenant>', "the tenant's id", tenantId)
    .argument('<id>', "the detection's id")
    .option('--persons', 'show user and device instead of pseudonyms')
    .action(
      act(async (session: Session, tenant: string, id: string, { persons }) => {
        const api = await session.api();
        const explained = await api.ask<ExplainedDetection>('explain the detection', {
          method: 'GET',
          shape: SHAPES.explainedDetection,
          path: tenantPath(tenant, 'detections', id),
          query: { persons: persons === true ? 'show' : undefined },
        });
        session.out.result(explained, () => explainedText(session.out, explained, session.io.nowMs()));
        return undefined;
      }),
    );
}
