/** Memory and databases: the server as a whole. */
import { showBytes } from '../bytes.ts'
import { bytesText, count, duration } from '../format.ts'
import { useChoice } from './choice.ts'
import { plural, type SampleData } from './data.ts'
import { GrowthPane, type MemorySample } from './Growth.tsx'
import { Choose, Knob } from './Knob.tsx'
import { typeInto } from './Cli.tsx'
import { failureOf, Pane } from './Pane.tsx'
import { Asking, DataTable, Figures, Scroll, Shares, useSheet } from './sheets.tsx'

interface Group {
  readonly name: string
  readonly keys: number
  readonly bytes: number
}
interface MemoryData {
  readonly total: number
  readonly startup: number
  readonly clients: number
  readonly replicas: number
  readonly backlog: number
  readonly dbs: readonly { readonly id: number; readonly main: number; readonly expires: number }[]
  readonly overhead: number
  readonly dataset: number
  readonly peak: number
  readonly maxmemory: number
  readonly policy: string
  /** What evictions do not count: the replicas' buffers beyond the backlog. */
  readonly notCounted: number
  readonly seen: number
  readonly all: number
  readonly history: readonly MemorySample[]
  readonly growth: readonly SampleData[]
  readonly now: number
  readonly top: readonly { db: number; key: string; type: string; encoding: string; bytes: number; length: number }[]
  readonly prefixes: readonly Group[]
  readonly types: readonly Group[]
}

export const POLICIES = [
  'noeviction',
  'allkeys-lru',
  'allkeys-lfu',
  'allkeys-random',
  'volatile-lru',
  'volatile-lfu',
  'volatile-random',
  'volatile-ttl',
]
const choose = (db: number, key: string) => useChoice.setState({ db, key, member: '', screen: 'Keys' })
export function KeyLink({ db, name }: { db: number; name: string }) {
  return (
    <button type="button" className="link" onClick={() => choose(db, name)}>
      {showBytes(name, 40) || '""'}
    </button>
  )
}

export function MemorySheet({ process }: { process: string }) {
  const { db, key } = useChoice()
  const m = useSheet<MemoryData>(process, 'memory', [String(db), key])
  if (!m || failureOf(m) !== null) return <Asking process={process} data={m} />
  const tables = m.dbs.reduce((n, d) => n + d.main + d.expires, 0)
  const parts = [
    { name: 'dataset', value: Math.max(0, m.dataset) },
    { name: 'startup', value: m.startup },
    { name: 'key tables', value: tables },
    { name: 'clients', value: m.clients },
    { name: 'replicas', value: m.replicas },
    { name: 'backlog', value: m.backlog },
  ].map((p) => ({ ...p, text: bytesText(p.value) }))
  const sampled = m.seen < m.all ? ` ${count(m.seen)} of ${count(m.all)} keys were looked at.` : ''
  return (
    <div className="sheets">
      <Pane
        label="Memory"
        title="Memory"
        sub="as MEMORY STATS counts it"
        className="wide"
        summary={`used_memory ${count(m.total)}: ${count(Math.max(0, m.dataset))} of data in ${plural(m.all, 'key')}, ${count(m.overhead)} of overhead. ${
          m.maxmemory === 0
            ? 'maxmemory is 0: no limit.'
            : `maxmemory ${count(m.maxmemory)}, ${m.policy}; ${count(Math.max(0, m.maxmemory - m.total + m.notCounted))} bytes to the limit${m.notCounted > 0 ? ` (${count(m.notCounted)} of the replicas do not count)` : ''}.`
        }`}
        table={{ head: ['Part', 'Bytes'], rows: parts.map((p) => [p.name, p.value]) }}
      >
        <Shares list={parts} total={m.total} limit={m.maxmemory} label="Memory" />
        <Figures
          list={[
            ['used_memory', count(m.total)],
            ['peak', count(m.peak)],
          ]}
        />
        <div className="knobs">
          <Knob
            process={process}
            name="maxmemory"
            value={m.maxmemory}
            min={0}
            max={8_388_608}
            step={65536}
            say={(v) => (v === 0 ? '0, no limit' : bytesText(v))}
          />
          <Choose process={process} name="maxmemory-policy" value={m.policy} options={POLICIES} />
        </div>
      </Pane>
      <GrowthPane history={m.history} growth={m.growth} now={m.now} name={key} startup={m.startup} />
      <Pane label="Keys by bytes" title="Keys by bytes" sub="MEMORY USAGE of each" summary={sampled.trim()}>
        <Treemap top={m.top} />
        <DataTable
          label="Largest keys"
          head={['Key', 'Kept as', 'Elements', 'Bytes']}
          right={[2, 3]}
          rows={m.top
            .slice(0, 20)
            .map((k) => [
              <KeyLink key="k" db={k.db} name={k.key} />,
              `${k.type}, ${k.encoding}`,
              count(k.length),
              count(k.bytes),
            ])}
          empty="No keys."
        />
      </Pane>
      <Pane label="Groups" title="By prefix and encoding" summary={sampled.trim()}>
        <DataTable
          label="Bytes by prefix"
          head={['Prefix', 'Keys', 'Bytes']}
          right={[1, 2]}
          rows={m.prefixes.slice(0, 12).map((g) => [showBytes(g.name, 32), count(g.keys), count(g.bytes)])}
          empty="No keys."
        />
        <DataTable
          label="Bytes by encoding"
          head={['Type, encoding', 'Keys', 'Bytes', 'Bytes a key']}
          right={[1, 2, 3]}
          rows={m.types.map((g) => [g.name, count(g.keys), count(g.bytes), count(Math.round(g.bytes / g.keys))])}
          empty="No keys."
        />
      </Pane>
    </div>
  )
}

/** Rows of cells, each as wide as its share of the row: the largest first. */
function Treemap({ top }: { top: MemoryData['top'] }) {
  if (top.length === 0) return null
  const total = top.reduce((n, k) => n + k.bytes, 0)
  const rows: (typeof top)[number][][] = []
  let row: (typeof top)[number][] = []
  let sum = 0
  for (const k of top.slice(0, 40)) {
    row.push(k)
    sum += k.bytes
    if (sum > total / 4) {
      rows.push(row)
      row = []
      sum = 0
    }
  }
  if (row.length > 0) rows.push(row)
  const shown = rows.flat().reduce((n, k) => n + k.bytes, 0)
  return (
    <div
      className="treemap"
      role="img"
      aria-label={`Share of bytes: ${top
        .slice(0, 8)
        .map((k) => `${showBytes(k.key, 20)} ${k.bytes}`)
        .join(', ')}`}
    >
      {rows.map((r) => {
        const bytes = r.reduce((n, k) => n + k.bytes, 0)
        return (
          <div key={`${r[0]?.db}|${r[0]?.key}`} style={{ height: Math.max(20, (150 * bytes) / shown) }}>
            {r.map((k) => (
              <span
                key={`${k.db}|${k.key}`}
                style={{ flexGrow: k.bytes }}
                title={`${showBytes(k.key)}: ${count(k.bytes)} bytes`}
              >
                {showBytes(k.key, 18)}
              </span>
            ))}
          </div>
        )
      })}
    </div>
  )
}

interface DatabasesData {
  readonly seen: number
  readonly total: number
  readonly matrix: readonly (readonly [string, string, number])[]
  readonly dbs: readonly {
    id: number
    keys: number
    expires: number
    avgTtlMs: number
    expiresCursor: number
    blocking: number
    ready: number
    watched: number
    tables: readonly number[]
    rehashidx: number
  }[]
  readonly hits: number
  readonly misses: number
  readonly lfu: boolean
  readonly lruClock: number
  readonly object: {
    key: string
    type: string
    encoding: string
    lru: number
    length: number
    bytes: number
    ttlMs: number | null
  } | null
}

const TYPES = ['string', 'list', 'set', 'zset', 'hash', 'stream']
const ENCODINGS = ['int', 'embstr', 'raw', 'listpack', 'quicklist', 'intset', 'hashtable', 'skiplist', 'stream']
const POSSIBLE: Record<string, readonly string[]> = {
  string: ['int', 'embstr', 'raw'],
  list: ['quicklist'],
  set: ['intset', 'hashtable'],
  zset: ['listpack', 'skiplist'],
  hash: ['listpack', 'hashtable'],
  stream: ['stream'],
}
/** OBJ_ENCODING_* and OBJ_* of 7.0.15. */
const ENCODING_NUMBER: Record<string, number> = {
  raw: 0,
  int: 1,
  hashtable: 2,
  intset: 6,
  skiplist: 7,
  embstr: 8,
  quicklist: 9,
  stream: 10,
  listpack: 11,
}
const TYPE_NUMBER: Record<string, number> = { string: 0, list: 1, set: 2, zset: 3, hash: 4, stream: 6 }

const many = (n: number, make: (i: number) => string) => Array.from({ length: n }, (_, i) => make(i)).join(' ')
/** For each pair the commands that make such a key with the default configuration. */
const MAKE: Readonly<Record<string, readonly string[]>> = {
  'string|int': ['SET example:string:int 1234'],
  'string|embstr': ['SET example:string:embstr short'],
  'string|raw': ['SET example:string:raw short', 'APPEND example:string:raw ", and longer"'],
  'list|quicklist': [`RPUSH example:list:quicklist ${many(6, (i) => `item-${i}`)}`],
  'set|intset': ['SADD example:set:intset 3 1 2'],
  'set|hashtable': ['SADD example:set:hashtable ada grace alan'],
  'zset|listpack': ['ZADD example:zset:listpack 1 one 2 two 3 three'],
  'zset|skiplist': [
    `ZADD example:zset:skiplist ${many(3, (i) => `${i} m${i}`)} 4 ${'a-member-of-more-than-64-bytes-'.repeat(3)}`,
  ],
  'hash|listpack': ['HSET example:hash:listpack theme dark size 14'],
  'hash|hashtable': [`HSET example:hash:hashtable name Ada note ${'a-value-of-more-than-64-bytes-'.repeat(3)}`],
  'stream|stream': ['XADD example:stream:stream * item book qty 1', 'XADD example:stream:stream * item pen qty 3'],
}

export function KeyspaceSheet({ process }: { process: string }) {
  const { db, key } = useChoice()
  const d = useSheet<DatabasesData>(process, 'databases', [String(db), key])
  if (!d || failureOf(d) !== null) return <Asking process={process} data={d} />
  const at = new Map(d.matrix.map(([t, e, n]) => [`${t}|${e}`, n]))
  const o = d.object
  return (
    <div className="sheets">
      <Pane
        label="Types and encodings"
        title="Types and encodings"
        className="wide"
        summary={`${plural(d.total, 'key')} in ${plural(d.dbs.filter((x) => x.keys > 0).length, 'database')}${d.seen < d.total ? `, ${count(d.seen)} looked at` : ''}. keyspace_hits ${count(d.hits)}, keyspace_misses ${count(d.misses)}.`}
      >
        <Scroll label="Types and encodings">
          <table className="matrix">
            <thead>
              <tr>
                <th scope="col">type</th>
                {ENCODINGS.map((e) => (
                  <th key={e} scope="col">
                    {e}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {TYPES.map((t) => (
                <tr key={t}>
                  <th scope="row">{t}</th>
                  {ENCODINGS.map((e) => {
                    const n = at.get(`${t}|${e}`) ?? 0
                    const can = POSSIBLE[t]?.includes(e)
                    return (
                      <td
                        key={e}
                        className={`mono ${n > 0 ? 'has' : can ? 'can' : 'not'} ${o?.type === t && o.encoding === e ? 'chosen' : ''}`}
                      >
                        {can &&
                          (n > 0 ? (
                            count(n)
                          ) : (
                            <button
                              type="button"
                              title={(MAKE[`${t}|${e}`] ?? []).join('\n')}
                              aria-label={`Make an example: ${t} as ${e}`}
                              onClick={() => {
                                typeInto(process, MAKE[`${t}|${e}`] ?? [])
                                useChoice.setState({ db, key: `example:${t}:${e}`, member: '' })
                              }}
                            >
                              0 <span className="add">make one</span>
                            </button>
                          ))}
                      </td>
                    )
                  })}
                </tr>
              ))}
            </tbody>
          </table>
        </Scroll>
        <p className="cap">
          A framed cell is a pair that 7.0 has; the heavy frame is the chosen key; an empty one types the commands that
          make such a key. A set or a list is never a listpack in 7.0.
        </p>
      </Pane>
      <Pane label="redisObject" title="redisObject" sub={<span className="mono">{o ? showBytes(o.key, 24) : ''}</span>}>
        {o === null ? <p className="cap">Choose a key at the left.</p> : <Robj o={o} lfu={d.lfu} clock={d.lruClock} />}
      </Pane>
      <Pane label="redisDb" title="redisDb">
        <DataTable
          label="Databases"
          head={[
            'db',
            'dict',
            'expires',
            'avg_ttl',
            'expires_cursor',
            'blocking_keys',
            'ready_keys',
            'watched_keys',
            'ht sizes',
            'rehashidx',
          ]}
          right={[1, 2, 3, 4, 5, 6, 7, 9]}
          rows={d.dbs.map((x) => [
            `db${x.id}`,
            count(x.keys),
            count(x.expires),
            x.avgTtlMs === 0 ? '0' : duration(x.avgTtlMs * 1000),
            x.expiresCursor,
            x.blocking,
            x.ready,
            x.watched,
            x.tables.join(', '),
            x.rehashidx,
          ])}
        />
      </Pane>
    </div>
  )
}

function Robj({ o, lfu, clock }: { o: NonNullable<DatabasesData['object']>; lfu: boolean; clock: number }) {
  const idle = clock >= o.lru ? clock - o.lru : clock + 0xffffff - o.lru
  return (
    <>
      <div className="robj">
        <span className="e4" style={{ flex: 6 }}>
          type:4<b className="mono">{TYPE_NUMBER[o.type] ?? '?'}</b>
        </span>
        <span className="e5" style={{ flex: 8 }}>
          encoding:4<b className="mono">{ENCODING_NUMBER[o.encoding] ?? '?'}</b>
        </span>
        <span className="e1" style={{ flex: 12 }}>
          lru:24<b className="mono">{o.lru}</b>
        </span>
        <span className="e3" style={{ flex: 12 }}>
          refcount:32<b className="mono">1</b>
        </span>
        <span className="e2" style={{ flex: 16 }}>
          ptr:64<b>{o.encoding === 'int' ? 'the number' : o.encoding}</b>
        </span>
      </div>
      <Figures
        list={[
          ['type', `${TYPE_NUMBER[o.type] ?? '?'}, ${o.type}`],
          ['encoding', `${ENCODING_NUMBER[o.encoding] ?? '?'}, ${o.encoding}`],
          lfu
            ? ['lru as LFU', `minute ${o.lru >>> 8}, counter ${o.lru & 255}`]
            : ['lru', `${o.lru}, idle ${idle} s of clock ${clock}`],
          ['elements', count(o.length)],
          ['MEMORY USAGE', `${count(o.bytes)} bytes`],
          [
            'expires',
            o.ttlMs === null ? 'no' : o.ttlMs < 0 ? 'expired, not yet deleted' : `in ${duration(o.ttlMs * 1000)}`,
          ],
        ]}
      />
    </>
  )
}
