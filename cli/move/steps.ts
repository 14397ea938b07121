/**
 * The steps of a tenant's move, each asked of the source or of the target. Every one can be repeated: what was done stays done.
 * Pages pass through here sealed, and stand nowhere on this machine.
 */

import type { MoveView } from '../../src/domain/move.ts';
import type { Residency } from '../../src/domain/tenant-config.ts';
import type { ApiClient, ApiRequest } from '../api-client.ts';
import { SHAPES } from '../api-shapes.ts';
import { tenantPath } from '../api-paths.ts';

export interface Offer {
  readonly version: number;
  readonly sealed: string;
  readonly bytes: number;
  readonly overflowing: number;
}

export interface MovedPage {
  readonly n: number;
  readonly sealed: string;
  readonly isLast: boolean;
}

export interface Activated {
  readonly version: number;
  readonly published: boolean;
}

export interface Ends {
  readonly source: ApiClient;
  readonly target: ApiClient;
  readonly tenant: string;
  readonly to: Residency;
}

type SourceView = MoveView & { readonly residency: Residency };

export class Steps {
  readonly #ends: Ends;

  constructor(ends: Ends) {
    this.#ends = ends;
  }

  async whereIsIt(): Promise<SourceView> {
    const path = tenantPath(this.#ends.tenant, 'move');
    return this.#ends.source.ask('look for the tenant', { method: 'GET', path, shape: SHAPES.moveView });
  }

  async whatCame(): Promise<MoveView> {
    const { target, tenant, to } = this.#ends;
    const path = tenantPath(tenant, 'arrival');
    const request = { method: 'GET', path, query: { to }, shape: SHAPES.moveView } as const;
    return target.ask('look at the target', request);
  }

  async offer(leavesEu: boolean): Promise<Offer> {
    const body = { to: this.#ends.to, ...(leavesEu && { leave_eu: true }) };
    return this.#leave('offer the tenant', ['offer'], body, SHAPES.moveOffer);
  }

  /** Throws a CliFailure with every fault when it can't come. */
  async check({ sealed }: Offer): Promise<void> {
    await this.#arrive('move the tenant there', 'check', { sealed }, SHAPES.moveWelcome);
  }

  /** While requests of its lanes are under way the relay asks to wait. */
  async begin(version: number, leavesEu: boolean): Promise<MoveView> {
    const body = { to: this.#ends.to, version, ...(leavesEu && { leave_eu: true }) };
    return this.#leave('bring the tenant to rest', [], body, SHAPES.moveView);
  }

  async page(move: string, n: number): Promise<MovedPage> {
    return this.#leave('read what is stored', ['pages'], { move, n }, SHAPES.movePage, false);
  }

  async bring({ sealed }: MovedPage): Promise<MoveView> {
    return this.#arrive('bring what is stored', 'pages', { sealed }, SHAPES.moveView, false);
  }

  async finish(move: string, proof: string): Promise<MoveView> {
    return this.#leave('hand the tenant over', ['finish'], { move, proof }, SHAPES.moveView);
  }

  async activate(move: string, release: string): Promise<Activated> {
    return this.#arrive('start the tenant there', 'activate', { move, release }, SHAPES.moveActive);
  }

  async settle(move: string): Promise<MoveView> {
    return this.#leave('end the move', ['settle'], { move }, SHAPES.moveView);
  }

  async abandon(move: string): Promise<MoveView> {
    return this.#leave('abandon the move', ['abandon'], { move }, SHAPES.moveView);
  }

  async wipe(move: string): Promise<MoveView> {
    return this.#arrive('wipe what came', 'abandon', { move }, SHAPES.moveView);
  }

  async #leave<T>(
    what: string,
    parts: readonly string[],
    body: object,
    shape: ApiRequest['shape'],
    mustFinish = true,
  ): Promise<T> {
    const path = tenantPath(this.#ends.tenant, 'move', ...parts);
    return this.#ends.source.ask<T>(what, { ...AGAIN, path, body, shape, mustFinish });
  }

  async #arrive<T>(
    what: string,
    part: string,
    body: object,
    shape: ApiRequest['shape'],
    mustFinish = true,
  ): Promise<T> {
    const { target, tenant, to } = this.#ends;
    const path = tenantPath(tenant, 'arrival', part);
    return target.ask<T>(what, { ...AGAIN, path, body: { to, ...body }, shape, mustFinish });
  }
}

const AGAIN = { method: 'POST', isRepeatable: true } as const;
