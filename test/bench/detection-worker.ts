/**
 * Evaluates rules in workerd, as often as the request asks: `/?rules=100&rounds=500`. Answers how many matched.
 * Its time is measured from outside: the runtime's own clock may stand still while code runs.
 */

import type { SigmaDocument } from '../../src/detection/document.ts';
import { compileRule } from '../../src/detection/sigma.ts';
import { ordinaryEvents } from './detection-rules.ts';

const EVENTS = ordinaryEvents(200);
let compiled: readonly ((event: Record<string, unknown>) => boolean)[] = [];

export default {
  async fetch(request: Request): Promise<Response> {
    if (request.method === 'PUT') {
      const documents: SigmaDocument[] = await request.json();
      compiled = documents.map((document) => compileRule(document));
      return new Response(null, { status: 204 });
    }
    const query = new URL(request.url).searchParams;
    const rules = compiled.slice(0, Number(query.get('rules')));
    const rounds = Number(query.get('rounds'));
    let matches = 0;
    for (let round = 0; round < rounds; round++)
      for (const event of EVENTS)
        // A copy, because every event that comes in is a new object.
        matches += countOf(rules, { ...event });
    return Response.json({ matches, evaluated: rounds * EVENTS.length });
  },
};

function countOf(
  rules: readonly ((event: Record<string, unknown>) => boolean)[],
  event: Record<string, unknown>,
): number {
  let count = 0;
  for (const matches of rules) if (matches(event)) count++;
  return count;
}
