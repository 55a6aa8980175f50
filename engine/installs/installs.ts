// Installs: what it takes is shown, done with consent, written down before it is done, and taken back.
import type { AgentEntry } from '#machines/nouns/agent';
import { MeshError } from '#machines/nouns/error';
import type { Installation, InstallPlanView, InstallReport, InstallStepView } from '#machines/nouns/install';
import type { InstallPlan, InstallReceipt, InstallSession, InstallStep } from '../agents/adapter.ts';
import { addressOf } from '../agents/naming.ts';
import type { Registry } from '../agents/registry.ts';
import { argsSha256, type Audit } from '../audit/append.ts';
import type { InstallAsk, InstallsApi } from '../engine.ts';
import { formatTimestamp } from '../events/timestamp.ts';
import type { Caller } from '../identity/caller.ts';
import type { Ports } from '../ports.ts';
import type { Store } from '../store/open.ts';
import type { Tx } from '../store/writer.ts';
import { createInstallRows, type InstallRow } from './install-rows.ts';

/** A look at an agent right after its installation. */
const PROBE_MS = 5_000;

export interface InstallsParts {
  readonly store: Store;
  readonly audit: Pick<Audit, 'append'>;
  readonly registry: Registry;
  readonly ports: Pick<Ports, 'clock' | 'ids' | 'log'>;
}

const stepView = ({ change, file, command }: InstallStep): InstallStepView => ({
  change,
  ...(file === undefined ? {} : { file }),
  ...(command === undefined ? {} : { command: [...command] }),
});

/** Where the registry heard of the agents of an installation. */
const detailOf = (kind: string, dir: string): string => `${kind} ${dir}`;

/** A receipt as it is kept: credentials belong to the registry alone. */
const withoutTokens = (receipt: InstallReceipt): InstallReceipt => ({
  ...receipt,
  ...(receipt.agents === undefined
    ? {}
    : { agents: receipt.agents.map(({ token: _token, ...entry }): AgentEntry => entry) }),
});

/** The installs of a store. */
export const createInstalls = ({ store, audit, registry, ports }: InstallsParts): InstallsApi => {
  const rows = createInstallRows(store);
  /** One install or uninstall at a time: two would plan with the same past. */
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const mine = last.then(work, work);
    last = mine.catch(() => undefined);
    return mine;
  };

  const agentsOf = ({ receipt, kind, dir }: InstallRow): string[] => {
    const detail = detailOf(kind, dir);
    const addresses = new Set((receipt.agents ?? []).map(addressOf));
    if (addresses.size === 0) return [];
    return registry
      .list()
      .filter(({ provenance }) =>
        provenance.some((each) => each.source === 'install' && each.detail === detail),
      )
      .map(({ name }) => name);
  };

  const view = (row: InstallRow): Installation => ({
    kind: row.kind,
    dir: row.dir,
    installed_at: formatTimestamp(row.at),
    complete: row.isComplete,
    steps: row.receipt.steps.map(stepView),
    agents: agentsOf(row),
  });

  const ofKind = (kind: string): InstallRow[] => rows.all().filter((row) => row.kind === kind);

  const lookAt = async ({ kind, dir, env, settings }: InstallAsk): Promise<InstallPlan> =>
    registry.adapter(kind).plan({
      ...(dir === undefined ? {} : { dir }),
      env,
      settings,
      receipts: ofKind(kind).map(({ receipt }) => receipt),
    });

  const planSha256 = ({ kind, dir, steps }: InstallPlan): string =>
    argsSha256({ kind, dir, steps: steps.map(stepView) });

  const planView = (plan: InstallPlan): InstallPlanView => {
    const row = rows.all().find(({ kind, dir }) => kind === plan.kind && dir === plan.dir);
    return {
      kind: plan.kind,
      dir: plan.dir ?? null,
      found: [...(plan.found ?? [])],
      steps: plan.steps.map(stepView),
      obstacles: plan.obstacles.map(({ code, message, remedy }) => ({ code, message, remedy })),
      plan_sha256: planSha256(plan),
      installation: row === undefined ? null : view(row),
    };
  };

  const put = (tx: Tx, receipt: InstallReceipt, dir: string, isComplete: boolean): void => {
    rows.put({ kind: receipt.kind, dir, receipt: withoutTokens(receipt), isComplete, at: tx.now });
  };

  /** Looks at the agents that an installation brought, so that what is answered and listed is what is there. */
  const probeAll = async (names: readonly string[], runId: string): Promise<string[]> => {
    const seen = await Promise.all(
      names.map(async (name) => {
        const target = registry.known(name);
        const probe = await registry
          .adapter(target.kind)
          .probe(target, { signal: AbortSignal.timeout(PROBE_MS) });
        return { name, probe };
      }),
    );
    return store.writer.submit((tx) =>
      seen.flatMap(({ name, probe }) => registry.record(tx, name, probe, runId) ?? []),
    );
  };

  const install = async (
    caller: Caller,
    ask: InstallAsk & { readonly planSha256?: string },
  ): Promise<InstallReport> => {
    const { kind, env } = ask;
    const adapter = registry.adapter(kind);
    const plan = await lookAt(ask);
    const { dir } = plan;
    const [first] = plan.obstacles;
    if (first !== undefined)
      throw new MeshError('install_blocked', plan.obstacles.map(({ message }) => message).join('; '), {
        remedy: plan.obstacles.map(({ remedy }) => remedy).join(' '),
      });
    if (dir === undefined)
      throw new MeshError('install_blocked', `An agent of the kind ${kind} needs no installation`, {
        remedy: 'Add it with `agentmesh agents add`.',
      });
    if (ask.planSha256 !== undefined && ask.planSha256 !== planSha256(plan))
      throw new MeshError('plan_changed');
    const { settings } = ask;
    const told = { kind, dir, settings, steps: plan.steps };
    await store.writer.submit((tx) => {
      audit.append(tx, caller, 'install.apply', 'authority', dir, told);
    });
    const notes: string[] = [];
    const session: InstallSession = {
      env,
      keep: (receipt) =>
        store.writer.submit((tx) => {
          put(tx, receipt, dir, false);
        }),
      note: (line) => void notes.push(line),
    };
    const receipt = await adapter.install(plan, session);
    const runId = ports.ids.uuidv7();
    const detail = detailOf(kind, dir);
    await store.writer.submit((tx) => {
      put(tx, receipt, dir, true);
      const { refused } = registry.sync(tx, caller, 'install', detail, receipt.agents ?? [], runId);
      notes.push(...refused);
    });
    const row = rows.all().find((each) => each.kind === kind && each.dir === dir);
    const names = await probeAll(row === undefined ? [] : agentsOf(row), runId);
    return {
      kind,
      dir,
      notes,
      steps: plan.steps.map(stepView),
      agents: names.map((name) => registry.get(name)),
    };
  };

  const toUndo = (kind: string, dir: string | undefined): InstallRow => {
    const known = ofKind(kind);
    const found = dir === undefined ? known : known.filter((row) => row.dir === dir.replace(/(.)\/+$/, '$1'));
    const [row, second] = found;
    if (row === undefined) {
      const places = known.map((each) => each.dir).join(', ');
      throw new MeshError(
        'not_installed',
        dir === undefined ? `${kind} is not installed` : `${kind} is not installed in ${dir}`,
        known.length === 0 ? {} : { remedy: `It is installed in ${places}.` },
      );
    }
    if (second !== undefined)
      throw new MeshError('bad_request', `${kind} is installed in more than one folder`, {
        remedy: `Say which: --dir ${found.map((each) => each.dir).join(' or --dir ')}`,
      });
    return row;
  };

  const uninstall = async (
    caller: Caller,
    { kind, dir: where, env }: Pick<InstallAsk, 'kind' | 'dir' | 'env'>,
  ): Promise<InstallReport> => {
    const row = toUndo(kind, where);
    const { dir, receipt } = row;
    await store.writer.submit((tx) => {
      audit.append(tx, caller, 'install.undo', 'authority', dir, { kind, dir });
    });
    const notes: string[] = [];
    await registry.adapter(kind).uninstall(receipt, {
      env,
      keep: (left) =>
        store.writer.submit((tx) => {
          put(tx, left, dir, false);
        }),
      note: (line) => void notes.push(line),
    });
    await store.writer.submit((tx) => {
      registry.sync(tx, caller, 'install', detailOf(kind, dir), [], ports.ids.uuidv7());
      rows.drop(kind, dir);
    });
    return { kind, dir, notes, steps: receipt.steps.map(stepView), agents: [] };
  };

  return {
    list: () => rows.all().map(view),
    plan: async (ask) => planView(await lookAt(ask)),
    install: (caller, ask) => inTurn(() => install(caller, ask)),
    uninstall: (caller, ask) => inTurn(() => uninstall(caller, ask)),
  };
};
