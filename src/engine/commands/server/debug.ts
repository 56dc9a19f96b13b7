/** DEBUG: what a developer of Redis asks a running server. */
import type { Bytes } from '../../bytes/bytes.ts'
import { datasetDigest, digestHex, EMPTY_DIGEST, objectDigest } from '../../keyspace/digest.ts'
import { encodeValue } from '../../persistence/rdb-encode.ts'
import { allocationSize, sdsSize } from '../../inspect/memory.ts'
import { map, OK, type Reply, set, status, verbatim } from '../../protocol/reply.ts'
import type { Dict } from '../../structures/dict.ts'
import type { Quicklist } from '../../structures/quicklist.ts'
import type { Zset } from '../../structures/zset.ts'
import { fail, parseLongArg } from '../args.ts'
import type { CommandContext, CommandImpl } from '../command.ts'
import type { Obj } from '../../objects/object.ts'
import { createStringObject, stringBytes } from '../../objects/string.ts'
import { Sds } from '../../structures/sds.ts'
import { help } from './config.ts'

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

function debugObject(c: CommandContext, argv: readonly Bytes[]): Reply {
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

function protocolReply(c: CommandContext, type: string): Reply {
  switch (type) {
    case 'string':
      return 'Hello World'
    case 'integer':
      return 12345
    case 'double':
      return { t: 'double', value: 3.141 }
    case 'null':
      return null
    case 'array':
      return [0, 1, 2]
    case 'set':
      return set([0, 1, 2])
    case 'map':
      return map([0, { t: 'bool', value: false }, 1, { t: 'bool', value: true }, 2, { t: 'bool', value: false }])
    case 'attrib': {
      const text = 'Some real reply following the attribute'
      if (c.client.resp === 2) return text
      return {
        t: 'raw',
        bytes: `|1\r\n$14\r\nkey-popularity\r\n*2\r\n$7\r\nkey:123\r\n:90\r\n$${text.length}\r\n${text}\r\n`,
      }
    }
    case 'push':
      return { t: 'push', items: ['server-cpu-usage', 42] }
    case 'true':
      return { t: 'bool', value: true }
    case 'false':
      return { t: 'bool', value: false }
    case 'verbatim':
      return verbatim('This is a verbatim\nstring')
    case 'bignum':
      return { t: 'bigNumber', text: '1234567999999999999999999999999999999' }
    default:
      return fail(
        'ERR Wrong protocol type name. Please use one of the following: string|integer|double|bignum|null|array|set|map|attrib|push|verbatim|true|false',
      )
  }
}

/** DEBUG RELOAD [NOSAVE] [NOFLUSH] [MERGE]: only the whole round trip is offered. */
function debugReload(c: CommandContext, argv: readonly Bytes[]): Reply {
  if (argv.length > 2) fail('ERR DEBUG RELOAD only supports the MERGE, NOFLUSH and NOSAVE options.')
  const rdb = c.server.rdb
  if (rdb === null || rdb.reload === undefined) return fail('ERR Error trying to load the RDB dump, check server logs')
  const error = rdb.reload()
  if (error !== null) {
    c.server.log('warning', error)
    fail('ERR Error trying to load the RDB dump, check server logs')
  }
  c.server.log('warning', 'DB reloaded by DEBUG RELOAD')
  return OK
}

type DebugHandler = (c: CommandContext, argv: readonly Bytes[]) => Reply
const subcommands: Readonly<Record<string, readonly [arity: number, DebugHandler]>> = {
  help: [2, () => help('debug')],
  object: [3, debugObject],
  digest: [2, (c) => status(digestHex(datasetDigest(c.server.dbs)))],
  'digest-value': [
    -2,
    (c, argv) =>
      argv.slice(2).map((k) => {
        const o = c.peek(k)
        return status(digestHex(o ? objectDigest(o, c.getExpire(k) !== -1) : EMPTY_DIGEST))
      }),
  ],
  sleep: [
    3,
    (c, argv) => {
      const seconds = Number.parseFloat(argv[2] ?? '')
      if (!(seconds > 0)) return OK
      // In a world it is work that takes virtual time; on real hardware the server really stands still.
      const { clock } = c.server.env
      const end = clock === undefined ? 0 : clock() + seconds * 1000000
      if (clock === undefined) c.work(Math.floor(seconds * 1000000))
      else while (clock() < end);
      return OK
    },
  ],
  segfault: [
    2,
    (c) => {
      const s = c.server
      s.log('warning', 'Redis 7.0.15 crashed by signal: 11, si_code: 1')
      s.host.exit(139)
      return { t: 'none' }
    },
  ],
  htstats: [
    3,
    (c, argv) => {
      const id = parseLongArg(argv[2])
      const db = c.server.dbs[id] ?? fail('ERR Out of range database')
      return verbatim(`[Dictionary HT]\n${dictStats(db.dict)}[Expires HT]\n${dictStats(db.expires)}`)
    },
  ],
  'htstats-key': [
    3,
    (c, argv) => {
      const o = need(c, argv[2])
      if (o.encoding === 'skiplist') return verbatim(dictStats((o.value as Zset).dict))
      if (o.encoding === 'hashtable') return verbatim(dictStats(o.value as Dict<unknown>))
      return fail('ERR The value stored at the specified key is not represented using an hash table')
    },
  ],
  listpack: [
    3,
    (c, argv) => {
      if (need(c, argv[2]).encoding !== 'listpack') fail('ERR Not a listpack encoded object.')
      return status('Listpack structure printed on stdout')
    },
  ],
  quicklist: [
    -3,
    (c, argv) => {
      if (need(c, argv[2]).encoding !== 'quicklist') fail('ERR Not a quicklist encoded object.')
      return status('Quicklist structure printed on stdout')
    },
  ],
  sdslen: [
    3,
    (c, argv) => {
      const o = need(c, argv[2])
      const key = argv[2] ?? ''
      if (o.type !== 'string' || o.encoding === 'int') fail('ERR Not an sds encoded string.')
      const raw = o.value instanceof Sds ? o.value : null
      const len = raw === null ? stringBytes(o).length : raw.len
      const alloc = raw === null ? len : raw.alloc
      const size = raw === null ? allocationSize(16 + 3 + len + 1) - 16 : sdsSize(alloc)
      return status(
        `key_sds_len:${key.length}, key_sds_avail:0, key_zmalloc: ${sdsSize(key.length)}, val_sds_len:${len}, val_sds_avail:${alloc - len}, val_zmalloc: ${size}`,
      )
    },
  ],
  'set-active-expire': [
    3,
    (c, argv) => {
      const s = c.server
      s.activeExpireEnabled = Number.parseInt(argv[2] ?? '0', 10) !== 0
      return OK
    },
  ],
  error: [3, (_, argv) => fail((argv[2] ?? '').replace(/[\r\n]/g, ' '))],
  log: [
    3,
    (c, argv) => {
      c.server.log('warning', `DEBUG LOG: ${argv[2]}`)
      return OK
    },
  ],
  protocol: [3, (c, argv) => protocolReply(c, (argv[2] ?? '').toLowerCase())],
  'pause-cron': [
    3,
    (c, argv) => {
      c.server.pauseCron = Number.parseInt(argv[2] ?? '0', 10) !== 0
      return OK
    },
  ],
  reload: [-2, debugReload],
  populate: [
    -3,
    (c, argv) => {
      const n = parseLongArg(argv[2], 0)
      const size = argv.length > 4 ? parseLongArg(argv[4], 0) : 0
      for (let i = 0; i < n; i++) {
        const key = `${argv[3] ?? 'key'}:${i}`
        if (c.peek(key)) continue
        const text = `value:${i}`
        c.add(key, createStringObject(size === 0 ? text : text.slice(0, size).padEnd(size, '\0')))
      }
      return OK
    },
  ],
}

function debug(c: CommandContext, argv: readonly Bytes[]): Reply {
  const sub = Object.hasOwn(subcommands, (argv[1] ?? '').toLowerCase())
    ? subcommands[(argv[1] ?? '').toLowerCase()]
    : undefined
  if (!sub || (sub[0] > 0 ? argv.length !== sub[0] : argv.length < -sub[0])) {
    return fail(
      `ERR unknown subcommand or wrong number of arguments for '${(argv[1] ?? '').slice(0, 128)}'. Try DEBUG HELP.`,
    )
  }
  return sub[1](c, argv)
}

export const debugCommands: readonly CommandImpl[] = [{ name: 'debug', handler: debug }]
