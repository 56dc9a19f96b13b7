/** Reads the state: who is where, who thinks what of whom. Pure functions over the session's data. */
import type { BoxSpec, EventView, ProcessSpec, ProcessStatus, Scenario, SessionState } from '../browser/session.ts'
import type { Role } from './parts/glyphs.tsx'
import { knownName } from './names.ts'

type Opinions = NonNullable<NonNullable<ProcessStatus['summary']>['opinions']>
export type Opinion = Opinions[number]

export const specOf = (scenario: Scenario, name: string): ProcessSpec | undefined =>
  scenario.topology.processes.find((p) => p.name === name)

export const boxOf = (scenario: Scenario, name: string): BoxSpec | undefined => {
  const spec = specOf(scenario, name)
  return spec && scenario.topology.boxes.find((b) => b.name === spec.box)
}

export function addressOf(scenario: Scenario, name: string): string {
  const spec = specOf(scenario, name)
  const box = boxOf(scenario, name)
  return spec && box ? `${box.address}:${spec.port}` : name
}

export const roleOf = (spec: ProcessSpec | undefined, status: ProcessStatus | undefined): Role =>
  status?.summary?.role ??
  (spec?.kind === 'server' ? configuredRole(spec) : spec?.kind === 'sentinel' ? 'sentinel' : 'client')

/** Until it has said what it is, a server is what its configuration makes it. */
const configuredRole = (spec: ProcessSpec): Role =>
  Object.values(spec.files ?? {}).some((text) => /^(replicaof|slaveof) /m.test(text)) ? 'replica' : 'master'

export const isCluster = (scenario: Scenario): boolean => scenario.id.startsWith('cluster')
/** The words for one watcher's suspicion and for what a majority has agreed on. */
export const downWords = (scenario: Scenario | undefined): { readonly sdown: string; readonly odown: string } =>
  scenario !== undefined && isCluster(scenario) ? { sdown: 'PFAIL', odown: 'FAIL' } : { sdown: 'SDOWN', odown: 'ODOWN' }

/** "Redis 7.0.15, 3 Sentinels, quorum 2" */
export function aboutScenario(scenario: Scenario): string {
  const sentinels = scenario.topology.processes.filter((p) => p.kind === 'sentinel')
  const files = sentinels.flatMap((p) => Object.values(p.files ?? {}))
  const quorum = /^sentinel monitor \S+ \S+ \S+ (\d+)/m.exec(files.join('\n'))?.[1]
  const parts = ['Redis 7.0.15']
  if (sentinels.length > 0) parts.push(`${sentinels.length} Sentinels`)
  if (quorum) parts.push(`quorum ${quorum}`)
  if (scenario.id.startsWith('shard')) parts.push('five servers, one of them to spare', 'a proxy')
  if (isCluster(scenario)) {
    const conf = Object.values(scenario.topology.processes[0]?.files ?? {}).join('\n')
    const timeout = /^cluster-node-timeout (\d+)/m.exec(conf)?.[1]
    parts.push(`${scenario.topology.processes.length} nodes`, `node timeout ${Number(timeout ?? 15000) / 1000} s`)
  }
  return parts.join(', ')
}

/** An event's text without its kind, boxes by their addresses, as the canvas names them, and nodes by their names. */
export function eventText(
  scenario: Scenario | undefined,
  processes: readonly ProcessStatus[],
  { kind, text }: EventView,
): string {
  let out = text.startsWith(`${kind} `) ? text.slice(kind.length + 1) : text === kind ? '' : text
  if (!kind.startsWith('fault.')) return namesInText(processes, out)
  for (const { name, address } of scenario?.topology.boxes ?? []) out = out.replaceAll(name, address)
  return out
}

export interface Watch {
  readonly by: string
  /** null: this watcher is not running, or does not watch the process. */
  readonly opinion: Opinion | null
}

/** Who watches: the Sentinels; in a cluster the masters, whose reports count. */
function watchersOf(scenario: Scenario, processes: readonly ProcessStatus[]): readonly ProcessSpec[] {
  if (!isCluster(scenario)) return scenario.topology.processes.filter((p) => p.kind === 'sentinel')
  return scenario.topology.processes.filter((spec) => {
    const summary = processes.find((p) => p.name === spec.name)?.summary
    return summary?.cluster?.votes === true
  })
}

/** One entry for each Sentinel in the scenario's order: its opinion of `name`. */
export function watchesOf(scenario: Scenario, processes: readonly ProcessStatus[], name: string): Watch[] {
  const address = addressOf(scenario, name)
  const self = processes.find((p) => p.name === name)
  return watchersOf(scenario, processes).map((spec) => {
    const status = processes.find((p) => p.name === spec.name)
    if (spec.name === name || status?.state !== 'running') return { by: spec.name, opinion: null }
    const all = (status.summary?.opinions ?? []).filter(
      (o) =>
        o.about === name ||
        o.about === address ||
        (self?.summary?.runid !== undefined && o.about === self.summary.runid) ||
        (o.about.length === 40 && knownName(o.about) === name),
    )
    // A failed-over master can be listed both as the old master and as a replica: the worse opinion is the one to show.
    const opinion = all.reduce<Opinion | null>(
      (worst, o) => (worst === null || badness(o) > badness(worst) ? o : worst),
      null,
    )
    return { by: spec.name, opinion }
  })
}

const badness = (o: Opinion) => (o.odown ? 2 : o.sdown ? 1 : 0)

export function verdict(watches: readonly Watch[]): 'odown' | 'sdown' | null {
  if (watches.some((w) => w.opinion?.odown)) return 'odown'
  return watches.some((w) => w.opinion?.sdown) ? 'sdown' : null
}

/** "master 10.0.0.11:6379, running, ODOWN by s2, SDOWN by s3, up by s1" */
export function accessibleName(scenario: Scenario, processes: readonly ProcessStatus[], name: string): string {
  const spec = specOf(scenario, name)
  const status = processes.find((p) => p.name === name)
  const parts = [`${name}: ${roleOf(spec, status)} ${addressOf(scenario, name)}`, status?.state ?? 'starting']
  for (const { by, opinion } of watchesOf(scenario, processes, name)) {
    const words = downWords(scenario)
    if (opinion) parts.push(`${opinion.odown ? words.odown : opinion.sdown ? words.sdown : 'up'} by ${by}`)
  }
  if (status?.summary?.line) parts.push(status.summary.line)
  return parts.join(', ')
}

/** How many running Sentinels gave their vote to each leader in the newest epoch. Leaders come as name, address or run id. */
export function votesFor(state: SessionState, name: string, address: string): { votes: number; epoch: number } | null {
  const newest = Math.max(0, ...state.processes.map((p) => p.summary?.vote?.epoch ?? 0))
  if (newest === 0) return null
  const self = state.processes.find((p) => p.name === name)?.summary
  const votes = state.processes.filter((p) => {
    const vote = p.state === 'running' ? p.summary?.vote : null
    return (
      vote &&
      vote.epoch === newest &&
      (vote.leader === name || vote.leader === address || (self?.runid && vote.leader === self.runid))
    )
  }).length
  return { votes, epoch: newest }
}

/** Names a leader that came as a run id. */
export function nameOfId(processes: readonly ProcessStatus[], id: string): string {
  const found = processes.find((p) => p.name === id || (p.summary?.runid && p.summary.runid === id))
  return found?.name ?? knownName(id) ?? (id.length > 12 ? `${id.slice(0, 8)}…` : id)
}
/** Run ids and cluster ids, also shortened to eight digits, as the names of those they belong to. */
export const namesInText = (processes: readonly ProcessStatus[], text: string): string =>
  text.replace(/\b([0-9a-f]{40}|[0-9a-f]{8})\b/g, (id) => nameOfId(processes, id))

/** While an election is young, or a failover runs, votes are worth a tag on the card. */
export const electionIsOn = (processes: readonly ProcessStatus[]) =>
  processes.some((p) =>
    p.summary?.opinions?.some((o) => o.odown || (o.failoverState !== null && o.failoverState !== 'none')),
  )
