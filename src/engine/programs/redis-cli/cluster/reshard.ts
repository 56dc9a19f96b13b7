/** --cluster reshard: so many slots from these nodes to that one; what the options leave open is asked. */
import { ModeExit, type Part, readLine } from '../modes/step.ts'
import { checkCluster, loadFrom } from './check.ts'
import { type ClusterManager, type ClusterNode, SLOTS } from './manager.ts'
import { moveSlot } from './move.ts'
import { atoi } from './options.ts'
import { reshardTable } from './plan.ts'
import { nodeInfo } from './texts.ts'

const NAME_BYTES = 255
const COUNT_BYTES = 6

/** A line without its last byte, which is the newline unless the line was too long. Nothing more to read ends it all. */
function* answer(m: ClusterManager, question: string, max: number): Part<string> {
  m.print(question)
  const line = yield* readLine(max, true)
  if (line === '') throw new ModeExit(1)
  return line.slice(0, -1)
}

/** A source or the target; 'self' when it is the target itself. */
function nodeFor(m: ClusterManager, id: string, target: ClusterNode | null): ClusterNode | 'self' | null {
  const node = m.byName(id)
  if (node === null || node.isSlave) {
    m.err(`*** The specified node (${id}) is not known or not a master, please retry.\n`)
    return null
  }
  if (node !== target) return node
  m.err('*** It is not possible to use the target node as source node.\n')
  return 'self'
}

/** Names one after the other, until `next` has none or one of them is "all". null when one is no master. */
function* readSources(
  m: ClusterManager,
  target: ClusterNode,
  next: (known: number) => Part<string | null>,
): Part<readonly ClusterNode[] | null> {
  const sources: ClusterNode[] = []
  for (;;) {
    const id = yield* next(sources.length)
    if (id === null) return sources
    if (id === 'all') return m.masters.filter((n) => n.replicate === null && n.name !== target.name)
    const node = nodeFor(m, id, target)
    if (node === null) return null
    if (node !== 'self') sources.push(node)
  }
}

function* askSources(m: ClusterManager, target: ClusterNode): Part<readonly ClusterNode[] | null> {
  m.print(
    "Please enter all the source node IDs.\n  Type 'all' to use all the nodes as source nodes for the hash slots.\n  Type 'done' once you entered all the source nodes IDs.\n",
  )
  return yield* readSources(m, target, function* (known) {
    const id = yield* answer(m, `Source node #${known + 1}: `, NAME_BYTES)
    return id === 'done' ? null : id
  })
}

function* givenSources(m: ClusterManager, target: ClusterNode, from: string): Part<readonly ClusterNode[] | null> {
  const ids = from.split(',')
  if (ids[ids.length - 1] === '') ids.pop()
  // biome-ignore lint/correctness/useYield: the other source of names asks for them
  return yield* readSources(m, target, function* () {
    return ids.shift() ?? null
  })
}

export function* reshardCommand(m: ClusterManager): Part<boolean> {
  if (!(yield* loadFrom(m, m.o.argv))) return false
  yield* checkCluster(m)
  if (m.errors > 0) {
    m.complain('*** Please fix your cluster problems before resharding\n')
    return false
  }
  let { slots, to } = m.o
  if (slots === 0)
    while (slots <= 0 || slots > SLOTS)
      slots = atoi(yield* answer(m, `How many slots do you want to move (from 1 to ${SLOTS})? `, COUNT_BYTES))
  while (to === null || to === '') to = yield* answer(m, 'What is the receiving node ID? ', NAME_BYTES)
  const target = nodeFor(m, to, null)
  if (target === null || target === 'self') return false
  const sources = m.o.from === null ? yield* askSources(m, target) : yield* givenSources(m, target, m.o.from)
  if (sources === null) return false
  if (sources.length === 0) {
    m.complain('*** No source nodes given, operation aborted.\n')
    return false
  }
  m.print(`\nReady to move ${slots} slots.\n  Source nodes:\n`)
  for (const source of sources) m.print(`${nodeInfo(source, 4)}\n`)
  m.print(`  Destination node:\n${nodeInfo(target, 4)}\n`)
  const table = reshardTable(sources, slots)
  m.print('  Resharding plan:\n')
  for (const move of table) m.print(`    Moving slot ${move.slot} from ${move.source.name}\n`)
  if (!m.o.yes) {
    m.print('Do you want to proceed with the proposed reshard plan (yes/no)? ')
    if ((yield* readLine(4, false)).slice(0, 3) !== 'yes') return false
  }
  for (const move of table) {
    const failure = yield* moveSlot(m, move.source, target, move.slot, { dots: true, keepsError: true })
    if (failure === null) continue
    if (failure.error !== null) m.err(`clusterManagerMoveSlot failed: ${failure.error}\n`)
    return false
  }
  return true
}
