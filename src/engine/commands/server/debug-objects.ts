/** DEBUG's looks into one value or table. */
import type { Bytes } from '../../bytes/bytes.ts'
import { allocationSize, sdsSize } from '../../inspect/memory.ts'
import type { Obj } from '../../objects/object.ts'
import { stringBytes } from '../../objects/string.ts'
import { encodeValue } from '../../persistence/rdb-encode.ts'
import { type Reply, status, verbatim } from '../../protocol/reply.ts'
import type { Dict } from '../../structures/dict.ts'
import type { Quicklist } from '../../structures/quicklist.ts'
import { Sds } from '../../structures/sds.ts'
import type { Zset } from '../../structures/zset.ts'
import { fail, parseLongArg } from '../args.ts'
import type { CommandContext } from '../command.ts'

function tableStats<V>(d: Dict<V>, t: 0 | 1): string {
  const name = t === 0 ? 'main hash table' : 'rehashing target'
  const [size, used] = [d.tableSize(t), d.tableUsed(t)]
  if (used === 0) return `Hash table ${t} stats (${name}):\nNo stats available for empty dictionaries\n`
  const lengths = new Map<number, number>()
  let slots = 0
  let chained = 0
  for (let i = 0; i < size; i++) {
    const n = Math.min(49, d.bucketKeys(t, i).length)
    lengths.set(n, (lengths.get(n) ?? 0) + 1)
    if (n > 0) slots++
    chained += n
  }
  const f = (n: number) => n.toFixed(2)
  let out = `Hash table ${t} stats (${name}):\n table size: ${size}\n number of elements: ${used}\n different slots: ${slots}\n max chain length: ${Math.max(...lengths.keys())}\n`
  out += ` avg chain length (counted): ${f(chained / slots)}\n avg chain length (computed): ${f(used / slots)}\n Chain length distribution:\n`
  for (const [n, count] of [...lengths].sort((a, b) => a[0] - b[0]))
    out += `   ${n === 49 ? '>= ' : ''}${n}: ${count} (${f((count / size) * 100)}%)\n`
  return out
}
export function dictStats<V>(d: Dict<V>): string {
  return tableStats(d, 0) + (d.isRehashing ? tableStats(d, 1) : '')
}

function need(c: CommandContext, key: Bytes | undefined): Obj {
  return c.peek(key ?? '') ?? fail('ERR no such key')
}

export function debugObject(c: CommandContext, argv: readonly Bytes[]): Reply {
  const o = need(c, argv[2])
  let extra = ''
  if (o.encoding === 'quicklist') {
    const ql = o.value as Quicklist
    const nodes = ql.nodes()
    let bytes = 0
    for (const n of nodes) bytes += n.sz
    extra = ` ql_nodes:${nodes.length} ql_avg_node:${(ql.count / nodes.length).toFixed(2)} ql_listpack_max:${ql.fill} ql_compressed:${ql.compress !== 0 ? 1 : 0} ql_uncompressed_size:${bytes}`
  }
  const clock = Math.floor(c.nowMs / 1000) & 0xffffff
  const shared = o.encoding === 'int' && (o.value as number) >= 0 && (o.value as number) < 10000
  const idle = clock >= o.lru ? clock - o.lru : clock + (0xffffff - o.lru)
  return status(
    `Value at:0x7f0000000000 refcount:${shared ? 2147483647 : 1} encoding:${o.encoding} serializedlength:${encodeValue(o, c.config.rdbcompression).length} lru:${o.lru} lru_seconds_idle:${idle}${extra}`,
  )
}

export function htStats(c: CommandContext, argv: readonly Bytes[]): Reply {
  const id = parseLongArg(argv[2])
  const db = c.server.dbs[id] ?? fail('ERR Out of range database')
  return verbatim(`[Dictionary HT]\n${dictStats(db.dict)}[Expires HT]\n${dictStats(db.expires)}`)
}
export function htStatsKey(c: CommandContext, argv: readonly Bytes[]): Reply {
  const o = need(c, argv[2])
  if (o.encoding === 'skiplist') return verbatim(dictStats((o.value as Zset).dict))
  if (o.encoding === 'hashtable') return verbatim(dictStats(o.value as Dict<unknown>))
  return fail('ERR The value stored at the specified key is not represented using an hash table')
}
/** LISTPACK and QUICKLIST print to the standard output, which nobody reads here. */
export function printed(c: CommandContext, key: Bytes | undefined, encoding: 'listpack' | 'quicklist'): Reply {
  const name = encoding === 'listpack' ? 'Listpack' : 'Quicklist'
  if (need(c, key).encoding !== encoding) fail(`ERR Not a ${encoding} encoded object.`)
  return status(`${name} structure printed on stdout`)
}
export function sdsLen(c: CommandContext, argv: readonly Bytes[]): Reply {
  const o = need(c, argv[2])
  const key = argv[2] ?? ''
  if (o.type !== 'string' || o.encoding === 'int') fail('ERR Not an sds encoded string.')
  const raw = o.value instanceof Sds ? o.value : null
  const len = raw === null ? stringBytes(o).length : raw.len
  const alloc = raw === null ? len : raw.alloc
  const size = o.encoding === 'embstr' ? allocationSize(16 + 3 + len + 1) - 16 : sdsSize(alloc)
  return status(
    `key_sds_len:${key.length}, key_sds_avail:0, key_zmalloc: ${sdsSize(key.length)}, val_sds_len:${len}, val_sds_avail:${alloc - len}, val_zmalloc: ${size}`,
  )
}
