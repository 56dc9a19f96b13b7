/**
 * A slot moves:
 *
 *   target  SETSLOT n IMPORTING source
 *   source  SETSLOT n MIGRATING target       from here on: keys that are not here get -ASK
 *   source  GETKEYSINSLOT, MIGRATE ...       until none is left
 *   target  SETSLOT n NODE target            first, or a crash could leave the slot to nobody
 *   source, all other masters                the same
 */
import type { Bytes } from '../../../bytes/bytes.ts'
import { utf8Encode } from '../../../bytes/bytes.ts'
import type { Reply } from '../../../protocol/reply.ts'
import { isError } from '../format.ts'
import type { Part } from '../modes/step.ts'
import { type ClusterManager, type ClusterNode, textOf } from './manager.ts'

const NO_DIGEST = '0'.repeat(40)
/** A source that lost its last slot has turned into a replica meanwhile. */
const NO_MASTER_ANY_MORE = 'ERR Please use SETSLOT only with masters.'

const arrayOf = (reply: Reply): readonly Reply[] => (Array.isArray(reply) ? (reply as readonly Reply[]) : [])

/** SETSLOT with a node; the error, or null. */
export function* setSlot(
  m: ClusterManager,
  node: ClusterNode,
  other: ClusterNode,
  slot: number,
  status: string,
): Part<Bytes | null> {
  const reply = yield* m.call(node, 'CLUSTER', 'SETSLOT', String(slot), status, other.name)
  if (reply === undefined) return 'CLUSTER SETSLOT failed to run'
  return isError(reply) ? reply.text : null
}
/** The same where an error is printed. */
export function* setSlotOrSay(
  m: ClusterManager,
  node: ClusterNode,
  other: ClusterNode,
  slot: number,
  status: string,
): Part<boolean> {
  return (yield* m.ask(node, 'CLUSTER', 'SETSLOT', String(slot), status, other.name)) !== null
}
export function* setStable(m: ClusterManager, node: ClusterNode, slot: number): Part<boolean> {
  return (yield* m.ask(node, 'CLUSTER', 'SETSLOT', String(slot), 'STABLE')) !== null
}
/** -1 after an error. */
export function* countKeys(m: ClusterManager, node: ClusterNode, slot: number): Part<number> {
  const reply = yield* m.ask(node, 'CLUSTER', 'COUNTKEYSINSLOT', String(slot))
  return reply === null ? -1 : Number(reply[0])
}

/** Whom `node` believes to have the slot: a node, nobody, or an error. */
function* slotOwner(m: ClusterManager, node: ClusterNode, slot: number): Part<ClusterNode | null | { error: Bytes }> {
  const reply = yield* m.call(node, 'CLUSTER', 'SLOTS')
  if (reply === undefined) return null
  if (isError(reply)) return { error: reply.text }
  for (const range of arrayOf(reply)) {
    const [from, to, owner] = arrayOf(range)
    if (slot < Number(from) || slot > Number(to)) continue
    const [ip, port, name] = arrayOf(owner as Reply)
    const found = name === undefined ? m.nodes.find((n) => n.ip === ip && n.port === port) : m.byName(textOf(name))
    if (found) return found
  }
  return null
}

/** A slot that nobody had is no error. */
export function* delSlot(m: ClusterManager, node: ClusterNode, slot: number): Part<boolean> {
  const reply = yield* m.call(node, 'CLUSTER', 'DELSLOTS', String(slot))
  if (reply === undefined) return false
  if (!isError(reply)) return true
  const owner = yield* slotOwner(m, node, slot)
  if (owner === null) return true
  if ('error' in owner) m.replyError(node, owner.error)
  m.replyError(node, reply.text)
  return false
}

/** Takes the slot for a node, in one transaction that only a failed ADDSLOTS spoils. */
export function* setSlotOwner(m: ClusterManager, owner: ClusterNode, slot: number, clear: boolean): Part<boolean> {
  if ((yield* m.ask(owner, 'MULTI')) === null) return false
  yield* delSlot(m, owner, slot)
  yield* m.ask(owner, 'CLUSTER', 'ADDSLOTS', String(slot))
  if (clear) yield* setStable(m, owner, slot)
  yield* m.ask(owner, 'CLUSTER', 'BUMPEPOCH')
  const replies = yield* m.ask(owner, 'EXEC')
  if (replies === null || !Array.isArray(replies[0])) return false
  for (const [i, reply] of arrayOf(replies[0]).entries()) {
    if (!isError(reply) || i !== 1) continue
    m.replyError(owner, reply.text)
    return false
  }
  return true
}

function* migrate(
  m: ClusterManager,
  source: ClusterNode,
  target: ClusterNode,
  keys: readonly Bytes[],
  replace: boolean,
): Part<Reply | undefined> {
  const argv: Bytes[] = ['MIGRATE', target.ip, String(target.port), '', '0', String(m.o.timeoutMs)]
  if (replace) argv.push('REPLACE')
  const { user, password } = m.c.options
  if (password !== null) argv.push(...(user === null ? ['AUTH'] : ['AUTH2', utf8Encode(user)]), utf8Encode(password))
  return yield* m.call(source, ...argv, 'KEYS', ...keys)
}

/** Keys that both nodes have with different values; null when they cannot be compared. */
function* differing(
  m: ClusterManager,
  one: ClusterNode,
  two: ClusterNode,
  keys: readonly Bytes[],
): Part<readonly Bytes[] | null> {
  const first = yield* m.call(one, 'DEBUG', 'DIGEST-VALUE', ...keys)
  if (first === undefined) return null
  const second = yield* m.call(two, 'DEBUG', 'DIGEST-VALUE', ...keys)
  if (second === undefined) return null
  if (isError(first)) m.replyError(one, first.text)
  if (isError(second)) m.replyError(two, second.text)
  if (isError(first) || isError(second)) return null
  const [a, b] = [arrayOf(first).map(textOf), arrayOf(second).map(textOf)]
  return keys.filter((_, i) => a[i] !== NO_DIGEST && b[i] !== NO_DIGEST && a[i] !== b[i])
}

/** The target has such a key: goes on when the values are the same, or with --cluster-replace. */
function* mayReplace(
  m: ClusterManager,
  source: ClusterNode,
  target: ClusterNode,
  keys: readonly Bytes[],
): Part<boolean> {
  m.warn('\n*** Target key exists\n')
  if (!m.o.replace) {
    m.warn('*** Checking key values on both nodes...\n')
    const different = yield* differing(m, source, target, keys)
    if (different === null) {
      m.err('*** Value check failed!\n')
      return false
    }
    if (different.length > 0) {
      m.err(
        `*** Found ${different.length} key(s) in both source node and target node having different values.\n    Source node: ${source.address}\n    Target node: ${target.address}\n    Keys(s):\n`,
      )
      for (const key of different) m.err(`    - ${key}\n`)
      m.err(
        'Please fix the above key(s) manually and try again or relaunch the command \nwith --cluster-replace option to force key overriding.\n',
      )
      return false
    }
  }
  m.warn('*** Replacing target keys...\n')
  return true
}

/** What MIGRATE refused, tried again where that can help. The error that remains. */
function* retry(
  m: ClusterManager,
  source: ClusterNode,
  target: ClusterNode,
  slot: number,
  keys: readonly Bytes[],
  refusal: Bytes,
): Part<{ readonly error: Bytes | null } | null> {
  const busy = refusal.includes('BUSYKEY')
  let served = true
  if (!busy) {
    const owner = yield* slotOwner(m, source, slot)
    if (owner !== null && 'error' in owner) m.replyError(source, owner.error)
    served = owner !== null
    if (served) return { error: refusal }
  }
  if (m.fixing && !served) {
    m.warn(`*** Slot was not served, setting owner to node ${target.address}.\n`)
    yield* setSlotOrSay(m, source, target, slot, 'node')
  }
  if (busy && !(yield* mayReplace(m, source, target, keys))) return { error: null }
  const reply = yield* migrate(m, source, target, keys, busy)
  if (reply === undefined) return { error: null }
  return isError(reply) ? { error: reply.text } : null
}

export interface MoveOptions {
  /** A dot for each key. */
  readonly dots?: boolean
  /** Keys only: the slot's owner and state stay. */
  readonly cold?: boolean
  /** The two nodes' own records follow. */
  readonly update?: boolean
  readonly quiet?: boolean
  /** The caller tells of errors itself. */
  readonly keepsError?: boolean
}
/** null: moved. The error may be the empty string: it was told already. */
export type Failure = { readonly error: Bytes | null } | null

function* migrateKeys(
  m: ClusterManager,
  source: ClusterNode,
  target: ClusterNode,
  slot: number,
  o: MoveOptions,
): Part<Failure> {
  for (;;) {
    const reply = yield* m.call(source, 'CLUSTER', 'GETKEYSINSLOT', String(slot), String(m.o.pipeline))
    if (reply === undefined) return { error: null }
    if (isError(reply)) {
      if (!o.keepsError) return { error: null }
      m.replyError(source, reply.text)
      return { error: reply.text }
    }
    const keys = arrayOf(reply).map(textOf)
    if (keys.length === 0) return null
    const moved = yield* migrate(m, source, target, keys, false)
    if (moved === undefined) continue
    if (isError(moved)) {
      const failure = yield* retry(m, source, target, slot, keys, moved.text)
      if (failure !== null) {
        if (failure.error === null) return { error: null }
        m.print('\n')
        m.replyError(source, failure.error)
        return failure
      }
    }
    if (o.dots) m.print('.'.repeat(keys.length))
  }
}

export function* moveSlot(
  m: ClusterManager,
  source: ClusterNode,
  target: ClusterNode,
  slot: number,
  o: MoveOptions,
): Part<Failure> {
  if (!o.quiet) m.print(`Moving slot ${slot} from ${source.address} to ${target.address}: `)
  // Nobody asks for the error: it is told at once.
  const say = (node: ClusterNode, error: Bytes): Failure => {
    if (!o.keepsError) m.replyError(node, error)
    return { error }
  }
  if (!o.cold) {
    const importing = yield* setSlot(m, target, source, slot, 'importing')
    if (importing !== null) return say(target, importing)
    const migrating = yield* setSlot(m, source, target, slot, 'migrating')
    if (migrating !== null) return say(source, migrating)
  }
  const failure = yield* migrateKeys(m, source, target, slot, o)
  if (!o.quiet) m.print('\n')
  if (failure !== null) return failure
  if (!o.cold) {
    const first = yield* setSlot(m, target, target, slot, 'node')
    if (first !== null) return say(target, first)
    const second = yield* setSlot(m, source, target, slot, 'node')
    if (second !== null && !o.keepsError) m.replyError(source, second)
    else if (second !== null && !second.startsWith(NO_MASTER_ANY_MORE)) return { error: second }
    for (const n of m.masters) {
      if (n === target || n === source) continue
      const error = yield* setSlot(m, n, target, slot, 'node')
      if (error !== null) return say(n, error)
    }
  }
  if (o.update) {
    source.slots[slot] = 0
    target.slots[slot] = 1
  }
  return null
}
