/**
 * Mends slots: those that nobody has, those that are stuck half-way, those that two nodes claim.
 *
 * An open slot, by who says it migrates and who says it imports:
 *
 *   1  one migrates, one imports          the move is carried on
 *   2  none migrates, some import         what they have goes to the owner
 *   3  one migrates, several import       as it said where to; the others close it
 *   4  one migrates, none imports         closed, unless a node that does not own it has keys
 */
import type { Reply } from '../../../protocol/reply.ts'
import { ModeExit, type Part } from '../modes/step.ts'
import { type ClusterManager, type ClusterNode, SLOTS } from './manager.ts'
import { countKeys, delSlot, moveSlot, setSlotOrSay, setSlotOwner, setStable } from './move.ts'
import { atoi } from './options.ts'
import { CliDict } from './siphash.ts'
import { slotsText } from './texts.ts'

/** Masters that cannot be reached own slots too: without a word from the user nothing is taken from them. */
function refuseUnreachable(m: ClusterManager, what: string): void {
  if (m.unreachableMasters === 0 || m.o.fixWithUnreachableMasters) return
  m.warn(
    `*** Fixing ${what} with ${m.unreachableMasters} unreachable masters is dangerous: redis-cli will assume that slots about masters that are not reachable are not covered, and will try to reassign them to the reachable nodes. This can cause data loss and is rarely what you want to do. If you really want to proceed use the --cluster-fix-with-unreachable-masters option.\n`,
  )
  throw new ModeExit(1)
}

const realMasters = (nodes: readonly ClusterNode[]): readonly ClusterNode[] =>
  nodes.filter((n) => !n.isSlave && n.replicate === null)

function* withMostKeys(m: ClusterManager, nodes: readonly ClusterNode[], slot: number): Part<ClusterNode | null> {
  let most = 0
  let node: ClusterNode | null = null
  for (const n of realMasters(nodes)) {
    const keys = yield* countKeys(m, n, slot)
    if (keys < 0) return null
    if (keys <= most && node !== null) continue
    most = keys
    node = n
  }
  return node
}

// ---- coverage -------------------------------------------------------------------------------------------------------

/** Which masters have keys of the slots that nobody has; null after an error. */
function* holders(m: ClusterManager, covered: Uint8Array): Part<CliDict<readonly ClusterNode[]> | null> {
  const uncovered = new CliDict<readonly ClusterNode[]>()
  for (let slot = 0; slot < SLOTS; slot++) {
    if (covered[slot]) continue
    const nodes: ClusterNode[] = []
    for (const n of realMasters(m.nodes)) {
      const reply = yield* m.ask(n, 'CLUSTER', 'GETKEYSINSLOT', String(slot), '1')
      if (reply === null) return null
      if ((reply[0] as readonly Reply[]).length > 0) nodes.push(n)
    }
    uncovered.set(String(slot), nodes)
  }
  return uncovered
}

function printSlots(m: ClusterManager, slots: readonly string[]): void {
  const marks = new Uint8Array(SLOTS)
  for (const slot of slots) marks[atoi(slot)] = 1
  m.print(`${slotsText(marks)}\n`)
}

function* cover(m: ClusterManager, slot: string, node: ClusterNode, clear: boolean): Part<boolean> {
  if (!(yield* setSlotOwner(m, node, atoi(slot), clear))) return false
  node.slots[atoi(slot)] = 1
  return true
}

/** Several nodes have keys of a slot: all of them go where most are. */
function* gather(m: ClusterManager, slot: string, nodes: readonly ClusterNode[]): Part<boolean> {
  const n = atoi(slot)
  const target = yield* withMostKeys(m, nodes, n)
  if (target === null) return false
  m.info(`>>> Covering slot ${slot} moving keys to ${target.address}\n`)
  if (!(yield* cover(m, slot, target, true))) return false
  for (const source of nodes) {
    if (source === target) continue
    if (!(yield* setSlotOrSay(m, source, target, n, 'NODE'))) return false
    // Importing, though keys leave it: so it does not redirect.
    if (!(yield* setSlotOrSay(m, source, target, n, 'IMPORTING'))) return false
    if ((yield* moveSlot(m, source, target, n, { dots: true, cold: true })) !== null) return false
    if (!(yield* setStable(m, source, n))) return false
  }
  return true
}

/** How many slots were given an owner; -1 after an error. */
export function* fixCoverage(m: ClusterManager, covered: Uint8Array): Part<number> {
  refuseUnreachable(m, 'slots coverage')
  m.info('>>> Fixing slots coverage...\n')
  const uncovered = yield* holders(m, covered)
  if (uncovered === null) return -1
  const having = (test: (n: number) => boolean): readonly string[] =>
    uncovered.keys().filter((slot) => test((uncovered.peek(slot) as readonly ClusterNode[]).length))
  const none = having((n) => n === 0)
  const single = having((n) => n === 1)
  const multi = having((n) => n > 1)
  let fixed = 0
  if (none.length > 0) {
    m.print('The following uncovered slots have no keys across the cluster:\n')
    printSlots(m, none)
    if (yield* m.confirm('Fix these slots by covering with a random node?', false)) {
      const { masters } = m
      const node = masters[m.c.below(masters.length)] as ClusterNode
      for (const slot of none) {
        m.info(`>>> Covering slot ${slot} with ${node.address}\n`)
        if (!(yield* cover(m, slot, node, false))) return -1
        fixed++
      }
    }
  }
  if (single.length > 0) {
    m.print('The following uncovered slots have keys in just one node:\n')
    printSlots(m, single)
    if (yield* m.confirm('Fix these slots by covering with those nodes?', false))
      for (const slot of single) {
        const [node] = uncovered.peek(slot) as readonly [ClusterNode]
        m.info(`>>> Covering slot ${slot} with ${node.address}\n`)
        if (!(yield* cover(m, slot, node, false))) return -1
        fixed++
      }
  }
  if (multi.length > 0) {
    m.print('The following uncovered slots have keys in multiple nodes:\n')
    printSlots(m, multi)
    if (yield* m.confirm('Fix these slots by moving keys into a single node?', false))
      for (const slot of multi) {
        if (!(yield* gather(m, slot, uncovered.peek(slot) as readonly ClusterNode[]))) return -1
        fixed++
      }
  }
  return fixed
}

// ---- open slots -----------------------------------------------------------------------------------------------------

/** What the nodes say of one slot. */
interface Opened {
  readonly slot: number
  owner: ClusterNode
  migrating: ClusterNode[]
  importing: ClusterNode[]
  readonly migratingText: string
  readonly importingText: string
}

/** Nodes that have the slot, or keys of it; null after an error. */
function* findOwners(m: ClusterManager, slot: number): Part<ClusterNode[] | null> {
  const owners: ClusterNode[] = []
  for (const n of m.masters) {
    if (n.slots[slot]) {
      owners.push(n)
      continue
    }
    const keys = yield* countKeys(m, n, slot)
    if (keys < 0) return null
    if (keys === 0) continue
    m.warn(`*** Found keys about slot ${slot} in non-owner node ${n.address}!\n`)
    owners.push(n)
  }
  return owners
}

/** Who migrates and who imports, or has keys that it should not have. False after an error. */
function* findStates(
  m: ClusterManager,
  slot: number,
  owner: ClusterNode | null,
  migrating: ClusterNode[],
  importing: ClusterNode[],
): Part<boolean> {
  const names = (list: ClusterNode['migrating']): boolean => list.some((o) => atoi(o.slot) === slot)
  for (const n of m.masters) {
    if (names(n.migrating)) migrating.push(n)
    else if (names(n.importing)) importing.push(n)
    else if (n !== owner) {
      const keys = yield* countKeys(m, n, slot)
      if (keys < 0) return false
      if (keys === 0) continue
      m.warn(`*** Found keys about slot ${slot} in node ${n.address}!\n`)
      importing.push(n)
    }
  }
  return true
}

/** The slot is nobody's, or several nodes': it goes to the one with most keys. */
function* chooseOwner(m: ClusterManager, slot: number): Part<ClusterNode | null> {
  m.info('>>> No single clear owner for the slot, selecting an owner by # of keys...\n')
  const owner = yield* withMostKeys(m, m.nodes, slot)
  if (owner === null) {
    m.err("[ERR] Can't select a slot owner. Impossible to fix.\n")
    return null
  }
  m.warn(`*** Configuring ${owner.address} as the slot owner\n`)
  if (!(yield* setStable(m, owner, slot))) return null
  if (!(yield* setSlotOwner(m, owner, slot, false))) return null
  owner.slots[slot] = 1
  return (yield* m.ask(owner, 'CLUSTER', 'BUMPEPOCH')) === null ? null : owner
}

/** Other nodes that claimed it import from now on. */
function* demote(m: ClusterManager, o: Opened, owners: readonly ClusterNode[]): Part<boolean> {
  for (const n of owners) {
    if (n === o.owner) continue
    if (!(yield* delSlot(m, n, o.slot))) return false
    n.slots[o.slot] = 0
    if (!(yield* setSlotOrSay(m, n, o.owner, o.slot, 'node'))) return false
    if (!(yield* setSlotOrSay(m, n, o.owner, o.slot, 'importing'))) return false
    o.importing = [...o.importing.filter((x) => x !== n), n]
    o.migrating = o.migrating.filter((x) => x !== n)
  }
  return true
}

export function* fixOpenSlot(m: ClusterManager, slot: number): Part<boolean> {
  refuseUnreachable(m, 'open slots')
  m.info(`>>> Fixing open slot ${slot}\n`)
  const owners = yield* findOwners(m, slot)
  if (owners === null) return false
  let owner = owners.length === 1 ? (owners[0] as ClusterNode) : null
  let migrating: ClusterNode[] = []
  let importing: ClusterNode[] = []
  if (!(yield* findStates(m, slot, owner, migrating, importing))) return false
  const [migratingText, importingText] = [migrating, importing].map((l) => l.map((n) => n.address).join(','))
  if (migratingText) m.print(`Set as migrating in: ${migratingText}\n`)
  if (importingText) m.print(`Set as importing in: ${importingText}\n`)
  if (owner === null) {
    owner = yield* chooseOwner(m, slot)
    if (owner === null) return false
    migrating = migrating.filter((n) => n !== owner)
    importing = importing.filter((n) => n !== owner)
  }
  const o: Opened = {
    slot,
    owner,
    migrating,
    importing,
    migratingText: migratingText ?? '',
    importingText: importingText ?? '',
  }
  if (owners.length > 1 && !(yield* demote(m, o, owners))) return false
  return yield* closeSlot(m, o)
}

function* closeSlot(m: ClusterManager, o: Opened): Part<boolean> {
  const { slot, migrating, importing } = o
  const [source] = migrating
  if (source !== undefined && migrating.length === 1 && importing.length === 1) {
    const target = importing[0] as ClusterNode
    m.info(`>>> Case 1: Moving slot ${slot} from ${source.address} to ${target.address}\n`)
    return (yield* moveSlot(m, source, target, slot, { dots: true, update: true })) === null
  }
  if (migrating.length === 0 && importing.length > 0) return yield* bringHome(m, o)
  if (source !== undefined && migrating.length === 1 && importing.length > 1) return yield* chooseTarget(m, o, source)
  if (source === undefined || migrating.length !== 1) return unfixable(m, o)
  if (o.owner !== source) {
    const reply = yield* m.ask(source, 'CLUSTER', 'GETKEYSINSLOT', String(slot), '10')
    if (reply === null) return false
    if ((reply[0] as readonly Reply[]).length > 0) return unfixable(m, o)
  }
  m.info(`>>> Case 4: Closing slot ${slot} on ${source.address}\n`)
  return yield* setStable(m, source, slot)
}

/** Case 2. */
function* bringHome(m: ClusterManager, o: Opened): Part<boolean> {
  const { slot, owner } = o
  m.info(`>>> Case 2: Moving all the ${slot} slot keys to its owner ${owner.address}\n`)
  for (const n of o.importing) {
    if (n === owner) continue
    if ((yield* moveSlot(m, n, owner, slot, { dots: true, cold: true })) !== null) return false
    m.info(`>>> Setting ${slot} as STABLE in ${n.address}\n`)
    if (!(yield* setStable(m, n, slot))) return false
  }
  for (const n of m.masters) if (n !== owner && !(yield* setSlotOrSay(m, n, owner, slot, 'NODE'))) return false
  return true
}

/** Case 3. */
function* chooseTarget(m: ClusterManager, o: Opened, source: ClusterNode): Part<boolean> {
  const { slot, importing } = o
  const wanted = source.migrating.find((x) => atoi(x.slot) === slot)?.node
  let target: ClusterNode | null = null
  for (const n of importing) {
    if ((yield* countKeys(m, n, slot)) > 0) return unfixable(m, o)
    if (n.name === wanted) target = n
  }
  if (target !== null) {
    m.info(
      `>>> Case 3: Moving slot ${slot} from ${source.address} to ${target.address} and closing it on all the other importing nodes.\n`,
    )
    if ((yield* moveSlot(m, source, target, slot, { dots: true })) !== null) return false
  } else {
    m.info(`>>> Case 3: Closing slot ${slot} on both migrating and importing nodes.\n`)
    if (!(yield* setStable(m, source, slot))) return false
  }
  for (const n of importing) if (n !== target && !(yield* setStable(m, n, slot))) return false
  return true
}

function unfixable(m: ClusterManager, o: Opened): boolean {
  m.err(
    `[ERR] Sorry, redis-cli can't fix this slot yet (work in progress). Slot is set as migrating in ${o.migratingText}, as importing in ${o.importingText}, owner is ${o.owner.address}\n`,
  )
  return false
}

// ---- several owners -------------------------------------------------------------------------------------------------

export function* fixMultipleOwners(m: ClusterManager, slot: number, owners: readonly ClusterNode[]): Part<boolean> {
  m.info(`>>> Fixing multiple owners for slot ${slot}...\n`)
  const owner = (yield* withMostKeys(m, owners, slot)) ?? (owners[0] as ClusterNode)
  m.info(`>>> Setting slot ${slot} owner: ${owner.address}\n`)
  if (!(yield* setSlotOwner(m, owner, slot, false))) return false
  for (const n of m.masters) {
    if (n === owner) continue
    const keys = yield* countKeys(m, n, slot)
    if (keys < 0) return false
    yield* delSlot(m, n, slot)
    if (!(yield* setSlotOrSay(m, n, owner, slot, 'node'))) return false
    if (keys > 0 && (yield* moveSlot(m, n, owner, slot, { dots: true, cold: true })) !== null) return false
  }
  return true
}
