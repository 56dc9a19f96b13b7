/** A slot moves while nodes are killed and links are cut between any two commands of the move: no key is lost, none stays twice. */
import { expect, test } from 'vitest'
import { Prng } from '../src/engine/bytes/prng.ts'
import { type ClusterKit, type Plain, readyCluster, SECOND } from './cluster-deploy.ts'

const RUNS = Number(process.env.REHASH_MOVES ?? (process.env.REHASH_QUICK === undefined ? 100 : 10))
const SLOT = 3300
const KEYS = Array.from({ length: 40 }, (_, i) => `{b}${i}`)
/** So many of them have a time to live. */
const TEMPORARY = 5
const [SOURCE, TARGET] = ['n0', 'n1'] as const
const NODES = ['n0', 'n1', 'n2'] as const

const isError = (r: Plain): boolean => r === null || (typeof r === 'object' && 'error' in r)
const holds = (kit: ClusterKit, node: string, key: string): boolean => kit.server(node).dbs[0]?.dict.has(key) === true
const inSlot = (kit: ClusterKit, node: string): Plain => kit.call(node, 'CLUSTER', 'COUNTKEYSINSLOT', `${SLOT}`)

function allUp(kit: ClusterKit): void {
  kit.heal()
  for (const process of NODES) {
    kit.world.inject({ type: 'continue', process })
    kit.restart(process)
  }
  const ok = (n: string): boolean => kit.running(n) && kit.server(n).booted && kit.cluster(n).state === 'ok'
  if (!kit.until(() => NODES.every(ok), 60 * SECOND, 50_000)) throw new Error('the cluster never came back')
}
/** Who dies has its data on disk, unless it is the source: it deletes only what the target has acknowledged. */
function disturb(kit: ClusterKit, rng: Prng): void {
  const { world } = kit
  const one = <T>(list: readonly T[]): T => list[rng.below(list.length)] as T
  switch (rng.below(7)) {
    case 0:
    case 1: {
      const layer = one([undefined, 'client', 'bus'] as const)
      const oneWay = rng.below(2) === 0
      const [a, b] = one([
        [SOURCE, TARGET],
        [TARGET, SOURCE],
      ])
      const cut = { type: 'cut', groupA: [kit.box(a)], groupB: [kit.box(b)], oneWay } as const
      world.inject(layer === undefined ? cut : { ...cut, layer })
      break
    }
    case 2:
      world.inject({ type: 'pause', process: TARGET })
      break
    case 3:
    case 4: {
      const victim = one(NODES)
      if (kit.call(victim, 'SAVE') !== 'OK') break
      kit.kill(victim)
      if (rng.below(2) === 0) kit.restart(victim)
      break
    }
    default:
      return
  }
  world.runFor(rng.below(3) === 0 ? rng.below(6 * SECOND) : rng.below(200_000))
}

interface Move {
  readonly lost: readonly string[]
  readonly commands: number
  readonly failures: number
}
function move(seed: number): Move & { readonly kit: ClusterKit } {
  const rng = new Prng(seed * 104729 + 1)
  const kit = readyCluster({ seed, preset: 'cluster-3', nodeTimeout: 1500 })
  const { world } = kit
  kit.call(SOURCE, 'MSET', ...KEYS.flatMap((key, i) => [key, `value ${i}`]))
  for (const key of KEYS.slice(0, TEMPORARY)) kit.call(SOURCE, 'PEXPIRE', key, '100000000')
  const [source, target] = [kit.id(SOURCE), kit.id(TARGET)]
  const lost: string[] = []
  let commands = 0
  let failures = 0
  const step = (node: string, ...words: string[]): Plain => {
    for (let i = 0; i < 20; i++) {
      disturb(kit, rng)
      commands++
      // The source may die while it moves keys: what it has not deleted it still has on disk.
      const dies = words[0] === 'MIGRATE' && rng.below(6) === 0 && kit.call(SOURCE, 'SAVE') === 'OK'
      if (dies) {
        const [name, box] = [`mover-${seed}-${commands}`, kit.box(node)]
        const argv = [kit.address(node), `${kit.port(node)}`, '0', ...words]
        world.spawn({ name, kind: 'client', box, port: 0, argv })
        world.runFor(rng.below(4000))
        kit.kill(SOURCE)
      }
      const reply = dies || !kit.running(node) ? null : kit.call(node, ...words)
      if (!isError(reply)) return reply
      failures++
      allUp(kit)
      for (const key of KEYS) if (!holds(kit, SOURCE, key) && !holds(kit, TARGET, key)) lost.push(`${words[0]}: ${key}`)
    }
    throw new Error(`seed ${seed}: ${words.join(' ')} never succeeded`)
  }
  step(TARGET, 'CLUSTER', 'SETSLOT', `${SLOT}`, 'IMPORTING', source)
  step(SOURCE, 'CLUSTER', 'SETSLOT', `${SLOT}`, 'MIGRATING', target)
  for (;;) {
    const keys = step(SOURCE, 'CLUSTER', 'GETKEYSINSLOT', `${SLOT}`, '8') as readonly string[]
    if (keys.length === 0) break
    step(SOURCE, 'MIGRATE', kit.address(TARGET), '6379', '', '0', '500', 'REPLACE', 'KEYS', ...keys)
  }
  // The target first: it must own the slot before the source stops to.
  for (const node of [TARGET, SOURCE, 'n2']) step(node, 'CLUSTER', 'SETSLOT', `${SLOT}`, 'NODE', target)
  allUp(kit)
  if (!kit.until(() => kit.settled() === null, 60 * SECOND, 100_000)) throw new Error(`seed ${seed}: ${kit.settled()}`)
  return { lost, commands, failures, kit }
}

test(`${RUNS} moves of a slot with kills and cuts between any two commands: no key lost, none doubled`, {
  timeout: 600_000,
}, () => {
  const wrong: string[] = []
  let failures = 0
  for (let seed = 1; seed <= RUNS; seed++) {
    const { kit, lost, failures: failed } = move(seed)
    failures += failed
    wrong.push(...lost.map((l) => `seed ${seed}: lost after ${l}`))
    const counts = NODES.map((n) => inSlot(kit, n))
    if (counts.join() !== `0,${KEYS.length},0`) wrong.push(`seed ${seed}: keys of the slot at ${counts.join()}`)
    const values = kit.call(TARGET, 'MGET', ...KEYS) as readonly Plain[]
    KEYS.forEach((key, i) => {
      if (values[i] !== `value ${i}`) wrong.push(`seed ${seed}: ${key} is not what it was`)
      if ((kit.server(TARGET).dbs[0]?.expires.peek(key) !== undefined) !== i < TEMPORARY)
        wrong.push(`seed ${seed}: ${key} lost or won a time to live`)
    })
    for (const n of NODES)
      if (kit.cluster(n).slots[SLOT]?.name !== kit.id(TARGET)) wrong.push(`seed ${seed}: ${n} knows another owner`)
  }
  expect(wrong).toEqual([])
  expect(failures).toBeGreaterThan(RUNS / 4)
})
