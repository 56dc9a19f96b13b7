/** --cluster backup: an RDB file of each master, as a replica would get it, and who has which slots. */
import { type Bytes, utf8Encode } from '../../../bytes/bytes.ts'
import { strerror } from '../../../bytes/errno.ts'
import { ModeExit, type Part, raw, writeFile } from '../modes/step.ts'
import { checkCluster, loadFrom } from './check.ts'
import type { ClusterManager, ClusterNode } from './manager.ts'
import { atoi } from './options.ts'
import { nodeJson } from './texts.ts'

/** The line that says how much follows; empty lines before it keep the connection alive. */
const sizeLine = (buffer: Bytes): number => {
  const begin = /[^\n]/.exec(buffer)?.index ?? -1
  return begin < 0 ? 0 : buffer.indexOf('\n', begin) + 1
}

function* saveRdb(m: ClusterManager, node: ClusterNode, path: string): Part<void> {
  if (node.peer === null) return
  const line = (yield* raw(node.peer, 'SYNC\r\n', sizeLine))?.trim()
  if (line === undefined || !line.startsWith('$')) {
    if (line === undefined) m.complain('Error reading bulk length while SYNCing\n')
    else m.print(`SYNC with master failed: ${line}\n`)
    throw new ModeExit(1)
  }
  const size = atoi(line.slice(1))
  m.complain(`SYNC sent to master, writing ${size} bytes to '${path}'\n`)
  const bytes = size === 0 ? '' : yield* raw(node.peer, '', (buffer) => (buffer.length >= size ? size : 0))
  if (bytes === null) {
    m.complain('I/O Error reading RDB payload from socket\n')
    throw new ModeExit(1)
  }
  const written = yield* writeFile(path, bytes)
  if (!written.ok) {
    m.complain(`Error opening '${path}': ${strerror(written.error)}\n`)
    throw new ModeExit(1)
  }
  yield* m.disconnect(node)
  m.complain('Transfer finished with success.\n')
}

export function* backupCommand(m: ClusterManager): Part<boolean> {
  const [word = '', dir = ''] = m.o.argv
  if (!(yield* loadFrom(m, [word]))) return false
  const sound = yield* checkCluster(m)
  const errors = sound ? 0 : m.errors
  const folder = dir.endsWith('/') ? dir : `${dir}/`
  const nodes: string[] = []
  for (const node of m.nodes) {
    nodes.push(nodeJson(node, errors))
    if (node.replicate !== null) continue
    m.info(`>>> Node ${node.address} -> Saving RDB...\n`)
    yield* saveRdb(m, node, `${folder}redis-node-${node.ip}-${node.port}-${node.name}.rdb`)
  }
  const path = `${folder}nodes.json`
  m.info(`Saving cluster configuration to: ${path}\n`)
  const written = yield* writeFile(path, utf8Encode(`[\n${nodes.join(',\n')}\n]`))
  if (!written.ok) {
    m.err(`Could not save nodes to: ${path}\n`)
    m.ok('[ERR] Failed to back cluster!\n')
    return false
  }
  if (!sound)
    m.warn("*** Cluster seems to have some problems, please be aware of it if you're going to restore this backup.\n")
  m.ok(`[OK] Backup created into: ${dir}\n`)
  return true
}
