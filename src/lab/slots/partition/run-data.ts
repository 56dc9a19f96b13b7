/** The three arrangements as programs of the world: how each is started, and what is read from it. */
import type { Scenario } from '../../../browser/session.ts'
import { addressOf } from '../../world-facts.ts'

export type Arrangement = 'ring' | 'proxy' | 'query'
export const ARRANGEMENTS: readonly Arrangement[] = ['ring', 'proxy', 'query']

export interface Server {
  readonly name: string
  readonly address: string
}
export interface AppData {
  readonly running: boolean
  readonly servers: readonly Server[]
  readonly options: { readonly routing: string; readonly keys: number }
  readonly rehashed: number
  readonly sweep: {
    readonly kind: 'SET' | 'GET'
    readonly keys: number
    readonly done: number
    readonly found: number
  } | null
  readonly perSecond: number
  readonly hops: number
  readonly top: readonly { readonly key: string; readonly share: number; readonly hot: boolean }[]
  readonly latency: { readonly median: number; readonly p99: number }
  readonly loads: readonly (readonly [string, number])[]
}
export interface ProxyData {
  readonly servers: readonly Server[]
  readonly total: { readonly requests: number; readonly forwarded: number }
  readonly loads: readonly (readonly [string, number])[]
}

export const LOADS = [
  ['--rate 100 --inflight 0', '100 a second'],
  ['--rate 500 --inflight 0', '500 a second'],
  ['--inflight 2', '2 at a time, as fast as it goes'],
  ['--inflight 8', '8 at a time, as fast as it goes'],
] as const
export const HOT = [
  ['--hot 0 --split 1', 'none'],
  ['--hot 0.4 --split 1', '40% of all requests'],
  ['--hot 0.8 --split 1', '80% of all requests'],
  ['--hot 0.8 --split 24', '80%, split into 24 keys'],
] as const
export const KEYS = 1000

/** Servers that clients can use, in the deployment's order. */
export const serversOf = (scenario: Scenario): Server[] =>
  scenario.topology.processes
    .filter((p) => p.kind === 'server')
    .map((p) => ({ name: p.name, address: addressOf(scenario, p.name) }))

const spell = (s: Server): string => `${s.name}=${s.address}`
export function argvOf(what: Arrangement, servers: readonly Server[], proxy: string, load: string): string[] {
  const common = [
    '--keys',
    String(KEYS),
    '--prefix',
    `${what}:`,
    '--fill',
    'yes',
    '--writes',
    '0.1',
    ...load.split(' '),
  ]
  if (what === 'ring') return [...servers.map(spell), '--routing', 'ring', ...common]
  return [...(what === 'proxy' ? [proxy] : servers.map((s) => s.address)), '--routing', 'dumb', ...common]
}
export const orderFor = (server: Server, add: boolean): string => (add ? spell(server) : `remove ${server.name}`)

export interface Figures {
  readonly hops: number
  readonly median: number
  readonly perSecond: number
  /** Keys found at the last look, of `keys`; null before it. */
  readonly found: number | null
  readonly keys: number
}
/** `beyond`: servers asked by a proxy for each request to it. */
export function figuresOf(data: AppData, beyond: number): Figures | null {
  if (data.hops === 0) return null
  const { sweep } = data
  return {
    hops: data.hops + beyond,
    median: data.latency.median,
    perSecond: data.perSecond,
    found: sweep !== null && sweep.done >= sweep.keys ? sweep.found : null,
    keys: sweep?.keys ?? data.options.keys,
  }
}

/** What an arrangement did last, kept while another deployment is open: they are not all of one. */
const KEPT = 'rehash.arrangement.'
export function remember(what: Arrangement, figures: Figures): void {
  try {
    sessionStorage.setItem(KEPT + what, JSON.stringify(figures))
  } catch {
    // A page without storage forgets.
  }
}
export function recall(what: Arrangement): Figures | null {
  try {
    return JSON.parse(sessionStorage.getItem(KEPT + what) ?? 'null') as Figures | null
  } catch {
    return null
  }
}
