import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { AccessIdentity } from '../../src/domain/access-roles.ts';
import { accessGrants, parseAccessRoles } from '../../src/domain/access-roles.ts';

function grantsOf(text: string, identity: Partial<AccessIdentity>) {
  const rules = parseAccessRoles(text);
  if (!rules.ok) throw new Error(rules.error);
  return accessGrants(rules.value, { groups: [], ...identity });
}

const ROLES =
  'admin=ops@mssp.eu, group:soc-leads; viewer/acme=*@acme.fr, service:abc.access; operator=group:SOC night shift';

describe('accessGrants', () => {
  it.each<[string, Partial<AccessIdentity>, unknown[]]>([
    ['an address', { email: 'ops@mssp.eu' }, [{ role: 'admin', tenant: null }]],
    ['a group', { email: 'x@mssp.eu', groups: ['soc-leads'] }, [{ role: 'admin', tenant: null }]],
    [
      'a group with spaces',
      { email: 'x@mssp.eu', groups: ['SOC night shift'] },
      [{ role: 'operator', tenant: null }],
    ],
    ['a domain', { email: 'jean@acme.fr' }, [{ role: 'viewer', tenant: 'acme' }]],
    ['a service', { service: 'abc.access' }, [{ role: 'viewer', tenant: 'acme' }]],
    [
      'two entries',
      { email: 'jean@acme.fr', groups: ['soc-leads'] },
      [
        { role: 'admin', tenant: null },
        { role: 'viewer', tenant: 'acme' },
      ],
    ],
    ['nobody', { email: 'eve@mssp.eu' }, []],
    ['a subdomain', { email: 'eve@mail.acme.fr' }, []],
    ['a domain that ends alike', { email: 'eve@notacme.fr' }, []],
    ['a group in another case', { groups: ['SOC-leads'] }, []],
    ['a group that is named like an address', { groups: ['ops@mssp.eu'] }, []],
    ['a service that is named like an address', { service: 'ops@mssp.eu' }, []],
    ['a service that is named like a group', { service: 'soc-leads' }, []],
    ['an address that is named like a service', { email: 'abc.access' }, []],
  ])('grants %s what its entries say', (_case, identity, grants) => {
    expect(grantsOf(ROLES, identity)).toEqual(grants);
  });

  it('takes addresses in any case, as identity providers do', () => {
    expect(grantsOf('admin=Ops@MSSP.eu', { email: 'ops@mssp.eu' })).toHaveLength(1);
  });
});

describe('parseAccessRoles', () => {
  it.each(['', ' ', ';', ' ; ; '])('reads %j as no rule', (text) => {
    expect(parseAccessRoles(text)).toEqual({ ok: true, value: [] });
  });

  it.each([
    ['ops@mssp.eu', 'entry 1: it must have a role, "=" and whom it is for'],
    ['admin=ops@mssp.eu; adminn=x@y.z', 'entry 2: its role must be one of metrics, viewer, operator, admin'],
    ['Admin=ops@mssp.eu', 'entry 1: its role must be one of'],
    ['viewer/=ops@mssp.eu', 'entry 1: what follows the slash must be the id of a tenant'],
    ['viewer/ACME=ops@mssp.eu', 'entry 1: what follows the slash must be the id of a tenant'],
    ['viewer/a/b=ops@mssp.eu', 'entry 1: what follows the slash must be the id of a tenant'],
    ['viewer/*=ops@mssp.eu', 'entry 1: what follows the slash must be the id of a tenant'],
    ['admin=', 'entry 1: name 1 must be an e-mail address'],
    ['admin=\u212Aevin@mssp.eu', 'entry 1: name 1 must be an e-mail address'],
    ['admin=ops@mssp.eu,', 'entry 1: name 2 must be'],
    ['admin=*', 'entry 1: name 1 must be'],
    ['admin=*@*', 'entry 1: name 1 must be'],
    ['admin=*@', 'entry 1: name 1 must be'],
    ['admin=*@localhost', 'entry 1: name 1 must be'],
    ['admin=ops*@mssp.eu', 'entry 1: name 1 must be'],
    ['admin=ops', 'entry 1: name 1 must be'],
    ['admin=group:', 'entry 1: name 1 must be'],
    ['admin=service: ', 'entry 1: name 1 must be'],
    ['admin=ops@mssp.eu@y.z', 'entry 1: name 1 must be'],
  ])('refuses %j, and says which entry', (text, words) => {
    expect(parseAccessRoles(text)).toMatchObject({
      ok: false,
      error: expect.stringContaining(words) as unknown,
    });
  });

  it('never throws, and never quotes what is written', () => {
    const isQuiet = (text: string): boolean => {
      const rules = parseAccessRoles(`admin=hunter2${text}`);
      return rules.ok || !rules.error.includes('hunter2');
    };
    expect(() => fc.assert(fc.property(fc.string(), isQuiet))).not.toThrow();
  });

  it('grants nothing to an identity without a name, whatever the rules say', () => {
    const isNothing = (text: string): boolean => {
      const rules = parseAccessRoles(text);
      return !rules.ok || accessGrants(rules.value, { groups: [] }).length === 0;
    };
    expect(() => fc.assert(fc.property(fc.string(), isNothing))).not.toThrow();
  });
});
