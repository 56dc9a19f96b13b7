/** What a node would say to a request for some keys, question by question, as getNodeByQuery asks them (cluster/routing.ts). */
import { keyHashSlot } from '../bytes/crc16.ts'
import type { Bytes } from '../bytes/bytes.ts'
import type { Cluster } from '../cluster/cluster.ts'
import { type Refusal, refusalText } from '../cluster/routing.ts'
import type { ClusterNode } from '../cluster/node.ts'

export type Question =
  | 'one slot'
  | 'owned'
  | 'ok'
  | 'migrating'
  | 'all here'
  | 'some here'
  | 'asking'
  | 'together'
  | 'mine'
export interface Answer {
  readonly asked: readonly (readonly [Question, boolean])[]
  /** '' when it is served here. */
  readonly reply: string
  readonly slot: number
}

/** `args`: command, '1' after ASKING, the keys. Nothing is looked up but by `peek`. */
export function viewRoute(c: Cluster, args: readonly string[]): Answer {
  const [command = 'GET', asking, ...keys] = args
  const asked: [Question, boolean][] = []
  const ask = (q: Question, yes: boolean): boolean => {
    asked.push([q, yes])
    return yes
  }
  const slot = keyHashSlot((keys[0] ?? '') as Bytes)
  const answer = (refusal: Refusal | null, node: ClusterNode | null = null): Answer => ({
    asked,
    slot,
    reply: refusal === null ? '' : `-${refusalText(c, refusal, node, slot)}`,
  })
  const { server, myself } = c
  const owner = c.slots[slot] ?? null
  if (
    !ask(
      'one slot',
      keys.every((k) => keyHashSlot(k) === slot),
    )
  )
    return answer(owner === null ? 'UNBOUND' : 'CROSSSLOT')
  if (!ask('owned', owner !== null) || owner === null) return answer('UNBOUND')
  if (!ask('ok', c.state === 'ok')) {
    if (!server.config.clusterAllowReadsWhenDown) return answer('DOWN')
    if (command === 'SET') return answer('DOWN_READS')
  }
  const here = keys.filter((k) => isHere(c, k)).length
  const target = c.migratingSlotsTo[slot] ?? null
  const migrating = owner === myself && target !== null
  if (owner === myself) ask('migrating', migrating)
  if (migrating && !ask('all here', here === keys.length)) {
    if (ask('some here', here > 0)) return answer('TRYAGAIN')
    return target === myself ? answer(null) : answer('ASK', target)
  }
  if (!migrating && c.importingSlotsFrom[slot] != null && ask('asking', asking === '1'))
    return ask('together', keys.length < 2 || new Set(keys).size < 2 || here === keys.length)
      ? answer(null)
      : answer('TRYAGAIN')
  return ask('mine', owner === myself) ? answer(null) : answer('MOVED', owner)
}
function isHere({ server }: Cluster, key: Bytes): boolean {
  const db = server.dbs[0]
  if (db?.dict.peek(key) === undefined) return false
  const at = db.expires.peek(key) ?? -1
  return at === -1 || at > server.nowMs
}
