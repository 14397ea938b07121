import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { describe, expect, it } from 'vitest';

import { adminRoute } from '../../src/http/admin-route.ts';
import { createApp } from '../../src/http/app.ts';
import { adminRoutes } from '../../src/http/api/routes.ts';
import { success } from '../../src/lib/result.ts';
import { CONFIG_DESCRIPTIONS } from '../../src/openapi/config-descriptions.ts';
import { openApiDocument, tenantConfigJsonSchema, tenantFileJsonSchema } from '../../src/openapi/document.ts';
import { operations } from '../../src/openapi/operations.ts';
import { validateTenantConfig } from '../../src/tenants/validate.ts';
import {
  CHAT_HOSTS,
  PRODUCTION,
  sampleDocument,
  sampleEverything,
  sampleFalconApi,
  sampleHook,
  sampleSlack,
  sampleTeams,
} from '../tenants/sample.ts';
import { customRule } from '../tenants/rule-texts.ts';

const document = openApiDocument(adminRoutes, operations, '1.2.3');
const paths = document['paths'] as Record<string, Record<string, Record<string, unknown>>>;

describe('the OpenAPI document', () => {
  it('describes every route that is mounted, and nothing else', () => {
    const described = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    const mounted = createApp()
      .routes.filter(({ method }) => method !== 'ALL')
      .map(({ method, path }) => `${method} ${path}`.replaceAll(/:(\w+)(?:\{[^}]*\})?/g, '{$1}'));
    expect(described.toSorted()).toEqual(mounted.toSorted());
  });

  it('has a unique id for each operation', () => {
    const ids = Object.values(operations).map(({ id }) => id);
    expect(ids).toEqual([...new Set(ids)]);
  });

  it('takes its parameters from the readers that validate', () => {
    expect(paths['/api/v1/tenants/{id}/dead-letters']?.['get']?.['parameters']).toEqual(
      expect.arrayContaining([
        { name: 'limit', in: 'query', schema: { type: 'integer', minimum: 1, maximum: 200 } },
      ]),
    );
  });

  it('refuses to be made without the words for a route, or with words for none', () => {
    const extra = adminRoute({
      method: 'GET',
      path: '/api/v1/extra',
      role: 'viewer',
      scope: 'own',
      handle: async () => success({ body: {} }),
    });
    expect(() => openApiDocument([...adminRoutes, extra], operations, '1')).toThrow(
      'GET /api/v1/extra has none',
    );
    expect(() => openApiDocument(adminRoutes.slice(1), operations, '1')).toThrow(
      'each operation must have a route',
    );
  });
});

describe("the JSON Schema of a tenant's config", () => {
  const ajv = new Ajv2020({ strict: false });
  addFormats.default(ajv);
  const validate = ajv.compile(tenantConfigJsonSchema());

  it('accepts what the relay accepts', () => {
    expect([validate(sampleDocument()), validate.errors]).toEqual([true, null]);
  });

  it('accepts all that a Falcon destination can say', () => {
    const indicators = ['poe', { value: 'grok', severity: 'low', expires: '2027-01-01T00:00:00Z' }];
    const falcon = {
      ...sampleFalconApi(),
      actions: ['case', 'indicator'],
      cases: { alerts: 'tag' },
      indicators,
    };
    const config = { ...sampleDocument(), platforms: { approved: ['claude'] }, destinations: [falcon] };
    expect([validate(config), validate.errors]).toEqual([true, null]);
  });

  it('accepts all that the other destinations can say', () => {
    const config = {
      ...sampleDocument(),
      language: 'fr',
      digest: { daily: 'off', time_zone: 'Europe/Paris' },
      device_map: { alice: 'PC-ALICE' },
      destinations: [sampleEverything(), sampleSlack(), sampleTeams(), sampleHook()],
    };
    expect([validate(config), validate.errors]).toEqual([true, null]);
    expect(
      validateTenantConfig(config, { ...PRODUCTION, egressAllow: ['*.acme.fr', ...CHAT_HOSTS] }),
    ).toEqual(expect.objectContaining({ ok: true }));
  });

  it('accepts all that rules can say', () => {
    const config = {
      ...sampleDocument(),
      platforms: { risky: ['grok'] },
      retention: { detections: 90 },
      rules: {
        catalog: 'all',
        overrides: {
          noxys_hl3_repeated_violations: { threshold: 9, timespan: '2h', respond: [], dry_run: true },
        },
        custom: [customRule()],
      },
      responses: { by_level: { critical: ['contain'] } },
    };
    expect([validate(config), validate.errors]).toEqual([true, null]);
    expect(validateTenantConfig(config, PRODUCTION)).toEqual(expect.objectContaining({ ok: true }));
  });

  it('takes the name of a rule file of a tenant file alone, which the command line sends as its text', () => {
    const validateFile = ajv.compile(tenantFileJsonSchema());
    const withRules = (...custom: unknown[]) => ({ ...sampleDocument(), rules: { custom } });
    const named = withRules(customRule(), { file: 'rules/mine.yml' });
    expect([validateFile(named), validate(named)]).toEqual([true, false]);
    for (const wrong of [{ file: 'rules/mine.txt' }, { file: '' }, { file: 'a.yml', text: 'x' }, {}, 7, ''])
      expect([wrong, validateFile(withRules(wrong))]).toEqual([wrong, false]);
    expect(tenantFileJsonSchema()).toMatchObject({
      properties: { rules: { description: expect.stringContaining('Detection rules') } },
    });
  });

  it('says what each of the described keys means, where it stands, and describes no other', () => {
    const found = new Map<string, unknown>();
    collect(tenantConfigJsonSchema(), '', found);
    const own = [...found.keys()].filter((path) =>
      /^(?:platforms|language|device_map|digest|rules|responses|retention\.detections|privacy\.sealed_map|destinations\.\w+)(?:\b|$)/.test(
        path,
      ),
    );
    const shared = /^destinations\.\w+\.(?:name|type|enabled|events|where|privacy)(?:[.[]|$)/;
    const plain =
      /\.(?:actions|contain\.never|endpoint_rules|secrets|approved|risky|respond)\[\]$|\*\[\]$|\.\*$/;
    expect(Object.keys(CONFIG_DESCRIPTIONS).toSorted()).toEqual(
      own.filter((path) => !shared.test(path) && !plain.test(path)).toSorted(),
    );
    for (const [path, text] of Object.entries(CONFIG_DESCRIPTIONS))
      expect([path, found.get(path)]).toEqual([path, text]);
  });

  it.each([
    ['an unknown key', { ...sampleDocument(), retnetion: {} }],
    ['a residency that is none', { ...sampleDocument(), residency: 'mars' }],
  ])('refuses %s', (_case, config) => {
    expect(validate(config)).toBe(false);
  });
});

/** Every key of a schema with its description, by the path that CONFIG_DESCRIPTIONS uses. */
function collect(node: object, path: string, found: Map<string, unknown>): void {
  const {
    description,
    properties = {},
    items,
    anyOf = [],
    oneOf = [],
    additionalProperties: free,
  } = node as Record<string, object>;
  if (path !== '' && (description !== undefined || !found.has(path))) found.set(path, description);
  for (const [key, part] of Object.entries(properties))
    collect(part as object, path === '' ? key : `${path}.${key}`, found);
  if (items) collect(items, `${path}[]`, found);
  if (typeof free === 'object') collect(free, `${path}.*`, found);
  for (const option of [...(anyOf as object[]), ...(oneOf as object[])]) {
    const type = (option as { properties?: { type?: { const?: string } } }).properties?.type?.const;
    collect(option, type === undefined ? path : `destinations.${type}`, found);
  }
}
