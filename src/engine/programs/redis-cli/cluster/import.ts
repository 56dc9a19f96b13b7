/** --cluster import: all keys of a server that is no cluster's go to the nodes that own their slots. */
import { type Bytes, utf8Encode } from '../../../bytes/bytes.ts'
import { keyHashSlot } from '../../../bytes/crc16.ts'
import type { Reply } from '../../../protocol/reply.ts'
import { connectError } from '../connect-error.ts'
import { isError } from '../format.ts'
import { dial, type Part, readLine, talk } from '../modes/step.ts'
import { checkCluster } from './check.ts'
import { addressOf, type ClusterManager, ClusterNode, INVALID_HOST, infoNumber, textOf } from './manager.ts'
import { loadCluster } from './nodes.ts'

const KEYS_PER_SCAN = 1000
const PASSWORD_BYTES = 4096

/** The server that the keys come from. */
interface Source {
  readonly address: string
  readonly peer: number
}

function* connectSource(m: ClusterManager, ip: string, port: number): Part<Source | null> {
  const dialled = yield* dial(ip, port)
  if (!dialled.ok) {
    m.complain(`${connectError(ip, port, dialled.error)}.\n`)
    return null
  }
  const { fromUser, fromPassword } = m.o
  if (fromPassword !== null) {
    const words = [...(fromUser === null ? [] : [fromUser]), fromPassword].map(utf8Encode)
    const reply = (yield* talk(dialled.peer, ['AUTH', ...words]))?.reply
    if (reply === undefined || isError(reply)) {
      if (reply !== undefined) m.complain(`AUTH failed: ${reply.text}\n`)
      return null
    }
  }
  return { address: `${ip}:${port}`, peer: dialled.peer }
}

/** A reply of the source, or null after an error, which is told. */
function* ask(m: ClusterManager, source: Source, ...argv: readonly Bytes[]): Part<readonly [Reply] | null> {
  const reply = (yield* talk(source.peer, argv))?.reply
  if (reply === undefined) return null
  if (!isError(reply)) return [reply]
  m.err(`Source ${source.address} replied with error:\n${reply.text}\n`)
  return null
}

function* migrateKey(m: ClusterManager, source: Source, key: Bytes): Part<boolean> {
  const slot = keyHashSlot(key)
  const target = m.masters.find((n) => n.slots[slot]) as ClusterNode
  // C prints a string up to its first zero byte.
  m.print(`Migrating ${key.split('\0', 1)[0]} to ${target.address}: `)
  const argv: Bytes[] = ['MIGRATE', target.ip, String(target.port), key, '0', String(m.o.timeoutMs)]
  const { user, password } = m.c.options
  if (password !== null) argv.push(...(user === null ? ['AUTH'] : ['AUTH2', utf8Encode(user)]), utf8Encode(password))
  if (m.o.copy) argv.push('COPY')
  if (m.o.replace) argv.push('REPLACE')
  if ((yield* ask(m, source, ...argv)) === null) return false
  m.ok('OK\n')
  return true
}

export function* askSourcePassword(m: ClusterManager): Part<void> {
  m.print('Please input import source node password: ')
  const line = yield* readLine(PASSWORD_BYTES, true, true)
  m.o.fromPassword = line.replace(/\n$/, '')
}

export function* importCommand(m: ClusterManager): Part<boolean> {
  const at = addressOf(m.o.argv)
  const from = m.o.from === null ? null : addressOf([m.o.from])
  if (at === null) m.complain(INVALID_HOST)
  else if (m.o.from === null) m.complain("[ERR] Option '--cluster-from' is required for subcommand 'import'.\n")
  else if (from === null)
    m.complain('[ERR] Invalid --cluster-from host. You need to pass a valid address (ie. 120.0.0.1:7000).\n')
  if (at === null || from === null) return false
  m.info(`>>> Importing data from ${from.ip}:${from.port} to cluster ${at.ip}:${at.port}\n`)
  if (!(yield* loadCluster(m, new ClusterNode(at.ip, at.port)))) return false
  if (!(yield* checkCluster(m))) return false
  const source = yield* connectSource(m, from.ip, from.port)
  if (source === null) return false
  const info = yield* ask(m, source, 'INFO')
  if (info === null) return false
  if (infoNumber(textOf(info[0]), 'cluster_enabled') !== 0) {
    m.err('[ERR] The source node should not be a cluster node.\n')
    return false
  }
  const size = yield* ask(m, source, 'DBSIZE')
  if (size === null) return false
  m.warn(`*** Importing ${size[0]} keys from DB 0\n`)
  let cursor = '0'
  do {
    const page = yield* ask(m, source, 'SCAN', cursor, 'COUNT', String(KEYS_PER_SCAN))
    if (page === null) return false
    const [next, keys] = page[0] as readonly [Bytes, readonly Bytes[]]
    for (const key of keys) if (!(yield* migrateKey(m, source, key))) return false
    cursor = next
  } while (cursor !== '0')
  return true
}
