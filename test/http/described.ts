/** Holds an answer to what the OpenAPI document says of its route. */

import { adminRoutes } from '../../src/http/api/routes.ts';
import { keyOf } from '../../src/openapi/document.ts';
import { operations } from '../../src/openapi/operations.ts';

/** Throws when a success has a status or a body that is not described. Failures are problems, the same for all. */
export function expectDescribed(method: string, path: string, status: number, body: unknown): void {
  if (status >= 300) return;
  const [plain = ''] = path.split('?');
  const route = adminRoutes.find(
    (known) => known.method === method && patternOf(known.path).test(decodeURI(plain)),
  );
  if (!route) throw new Error(`${method} ${plain} has an answer, and no route`);
  const described = operations[keyOf(route)]?.answers[status];
  if (!described) throw new Error(`${keyOf(route)} answers ${status}, which is not described`);
  const parsed = described.schema.safeParse(body);
  if (parsed.success) return;
  const faults = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
  throw new Error(`${keyOf(route)} answers what is not described: ${faults.join('; ')}`);
}

function patternOf(path: string): RegExp {
  const source = path.replaceAll(/:\w+(?:\{([^}]*)\})?/g, (_, pattern?: string) => pattern ?? '[^/]+');
  return new RegExp(`^${source}$`);
}
