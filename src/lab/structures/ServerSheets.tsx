/** Memory, databases, commands: the server as a whole. */
import { showBytes } from '../bytes.ts'
import { bytesText, count, duration } from '../format.ts'
import { useChoice } from './choice.ts'
import { commandText, plural, when } from './data.ts'
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
  readonly seen: number
  readonly all: number
  readonly top: readonly { db: number; key: string; type: string; encoding: string; bytes: number; length: number }[]
  readonly prefixes: readonly Group[]
  readonly types: readonly Group[]
}

const choose = (db: number, key: string) => useChoice.setState({ db, key, member: '', screen: 'Keys' })
export function KeyLink({ db, name }: { db: number; name: string }) {
  return (
    <button type="button" className="link" onClick={() => choose(db, name)}>
      {showBytes(name, 40) || '""'}
    </button>
  )
}

export function MemorySheet({ process }: { process: string }) {
  const m = useSheet<MemoryData>(process, 'memory')
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
            : `maxmemory ${count(m.maxmemory)}, ${m.policy}; ${count(Math.max(0, m.maxmemory - m.total + m.replicas + m.backlog))} bytes to the limit (replica buffers do not count).`
        }`}
        table={{ head: ['Part', 'Bytes'], rows: parts.map((p) => [p.name, p.value]) }}
      >
        <Shares list={parts} total={m.total} limit={m.maxmemory} label="Memory" />
        <Figures
          list={[
            ['used_memory', count(m.total)],
            ['peak', count(m.peak)],
            ['maxmemory', m.maxmemory === 0 ? '0' : count(m.maxmemory)],
            ['maxmemory-policy', m.policy],
          ]}
        />
      </Pane>
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
                      {can ? count(n) : ''}
                    </td>
                  )
                })}
              </tr>
            ))}
          </tbody>
        </table>
        <p className="cap">
          A framed cell is a pair that 7.0 has; the heavy frame is the chosen key. A set or a list is never a listpack
          in 7.0.
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

interface CommandsData {
  readonly threshold: number
  readonly slowlog: readonly {
    id: number
    timeSeconds: number
    micros: number
    argv: readonly string[]
    addr: string
  }[]
  readonly latency: readonly { name: string; max: number; samples: readonly { time: number; ms: number }[] }[]
  readonly commands: readonly {
    name: string
    calls: number
    micros: number
    failed: number
    rejected: number
    p50: number
    p99: number
  }[]
  readonly segments: readonly { start: number; micros: number; name: string; client: string }[]
  readonly now: number
  readonly hz: number
  readonly processed: number
}

export function CommandsSheet({ process }: { process: string }) {
  const d = useSheet<CommandsData>(process, 'commands')
  if (!d || failureOf(d) !== null) return <Asking process={process} data={d} />
  const last = d.segments[d.segments.length - 1]
  return (
    <div className="sheets">
      <Pane
        label="Main thread"
        title="Main thread"
        sub="one command after the other"
        className="wide"
        summary={`${count(d.processed)} commands processed, hz ${d.hz}.${last ? ` Last: ${last.name.toUpperCase()} for ${last.client}, ${duration(last.micros)} at ${when(last.start)}.` : ''}`}
        table={{
          head: ['Start', 'Command', 'Client', 'Microseconds'],
          rows: [...d.segments]
            .reverse()
            .slice(0, 100)
            .map((s) => [when(s.start), s.name, s.client, Number(s.micros.toFixed(1))]),
        }}
      >
        <Lanes d={d} />
      </Pane>
      <Pane label="Latency" title="Latency of commands" sub="time against microseconds" className="wide">
        <HeatMap d={d} />
      </Pane>
      <Pane label="Slow log" title="Slow log" sub={<span className="mono">slowlog-log-slower-than {d.threshold}</span>}>
        <DataTable
          label="Slow log"
          head={['Id', 'Microseconds', 'Command', 'Client']}
          right={[0, 1]}
          rows={d.slowlog.map((e) => [e.id, count(e.micros), commandText(e.argv, 50), e.addr])}
          empty={
            d.threshold < 0
              ? 'Switched off.'
              : `No command has taken ${count(d.threshold)} microseconds. Try CONFIG SET slowlog-log-slower-than 0.`
          }
        />
      </Pane>
      <Pane label="Commands" title="commandstats" sub="and percentiles">
        <DataTable
          label="Statistics of commands"
          head={['Command', 'Calls', 'Microseconds', 'A call', 'p50', 'p99', 'Failed']}
          right={[1, 2, 3, 4, 5, 6]}
          rows={d.commands.map((c) => [
            c.name,
            count(c.calls),
            count(Math.round(c.micros)),
            c.calls === 0 ? '' : (c.micros / c.calls).toFixed(2),
            c.p50.toFixed(1),
            c.p99.toFixed(1),
            c.failed + c.rejected,
          ])}
        />
        <DataTable
          label="LATENCY LATEST"
          head={['Event', 'Worst ms', 'Samples']}
          right={[1, 2]}
          rows={d.latency.map((e) => [e.name, e.max, e.samples.length])}
          empty="No latency events. CONFIG SET latency-monitor-threshold says from how many ms on they count."
        />
      </Pane>
    </div>
  )
}

/** The last commands as segments, one lane a client; the gaps between them are cut short and marked. */
function Lanes({ d }: { d: CommandsData }) {
  const list = d.segments.slice(-80)
  const clients = [...new Set(list.map((s) => s.client))].slice(-8)
  if (list.length === 0) return <p className="cap">No command yet.</p>
  const places: { x: number; w: number; gap: boolean }[] = []
  let x = 0
  let end = list[0]?.start ?? 0
  for (const s of list) {
    const gap = s.start - end
    x += gap > 40 ? 14 : Math.max(0, gap) * 0.35
    const w = Math.max(7, Math.min(140, s.micros * 2))
    places.push({ x, w, gap: gap > 40 })
    x += w + 1
    end = s.start + s.micros
  }
  return (
    <Scroll label="Main thread">
      <svg
        width={Math.max(400, x + 150)}
        height={20 + clients.length * 24}
        role="img"
        aria-label={`The last ${list.length} commands by client`}
      >
        {clients.map((c, i) => (
          <g key={c}>
            <text className="m ink2t" x="0" y={20 + i * 24} fontSize="11">
              {c.replace(/^10\.0\.0\./, '')}
            </text>
            <path d={`M96 ${26 + i * 24}H${x + 110}`} stroke="var(--line)" />
          </g>
        ))}
        {list.map((s, i) => {
          const p = places[i]
          const lane = clients.indexOf(s.client)
          if (!p || lane < 0) return null
          return (
            // biome-ignore lint/suspicious/noArrayIndexKey: a segment is its place
            <g key={i}>
              {p.gap && (
                <path
                  d={`M${104 + p.x - 8} 2V${16 + clients.length * 24}`}
                  stroke="var(--line-2)"
                  strokeDasharray="1 4"
                />
              )}
              <rect
                x={104 + p.x}
                y={8 + lane * 24}
                width={p.w}
                height="16"
                rx="2"
                fill={
                  /^(info|ping|publish|replconf|hello|client|subscribe)/.test(s.name)
                    ? 'var(--bg-sel)'
                    : 'var(--master-t)'
                }
                stroke="var(--line-3)"
              >
                <title>{`${s.name.toUpperCase()} at ${when(s.start)}, ${duration(s.micros)}, ${s.client}`}</title>
              </rect>
              {p.w > s.name.length * 6.4 && (
                <text className="m" x={107 + p.x} y={20 + lane * 24} fontSize="11">
                  {s.name}
                </text>
              )}
            </g>
          )
        })}
      </svg>
    </Scroll>
  )
}

const ROWS = 10
function HeatMap({ d }: { d: CommandsData }) {
  const first = d.segments[0]
  if (!first) return <p className="cap">No command yet.</p>
  const columns = 48
  // What a script called began after the script and ended before it.
  const begin = d.segments.reduce((t, s) => Math.min(t, s.start), first.start)
  const span = Math.max(1, d.now - begin)
  const grid = new Map<string, number>()
  let most = 1
  for (const s of d.segments) {
    const c = Math.min(columns - 1, Math.floor(((s.start - begin) / span) * columns))
    const r = Math.min(ROWS - 1, Math.max(0, Math.floor(Math.log2(Math.max(1, s.micros)))))
    const n = (grid.get(`${c}|${r}`) ?? 0) + 1
    grid.set(`${c}|${r}`, n)
    most = Math.max(most, n)
  }
  const sorted = d.segments.map((s) => s.micros).sort((a, b) => a - b)
  const at = (p: number) => sorted[Math.min(sorted.length - 1, Math.floor(p * sorted.length))] ?? 0
  return (
    <>
      <svg
        className="heat"
        viewBox={`0 0 ${60 + columns * 14} ${ROWS * 14 + 20}`}
        role="img"
        aria-label={`Of ${sorted.length} commands the median took ${at(0.5).toFixed(1)}, the 99th percentile ${at(0.99).toFixed(1)} microseconds`}
      >
        {Array.from({ length: ROWS }, (_, r) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a row is its power of two
          <text key={r} className="m ink3t" x="50" y={(ROWS - r) * 14 - 3} fontSize="11" textAnchor="end">
            {r % 2 === 0 ? `${2 ** r} µs` : ''}
          </text>
        ))}
        {[...grid].map(([k, n]) => {
          const [c = 0, r = 0] = k.split('|').map(Number)
          return (
            <rect
              key={k}
              x={56 + c * 14}
              y={(ROWS - 1 - r) * 14}
              width="13"
              height="13"
              fill="var(--ink)"
              opacity={0.15 + 0.8 * (Math.log2(n + 1) / Math.log2(most + 1))}
            >
              <title>{`${plural(n, 'command')} of ${2 ** r} to ${2 ** (r + 1)} microseconds`}</title>
            </rect>
          )
        })}
        <text className="m ink3t" x="56" y={ROWS * 14 + 14} fontSize="11">
          {when(begin)}
        </text>
        <text className="m ink3t" x={56 + columns * 14} y={ROWS * 14 + 14} fontSize="11" textAnchor="end">
          {when(d.now)}
        </text>
      </svg>
      <p className="cap">
        Of the last {plural(sorted.length, 'command')}: median {at(0.5).toFixed(1)}, p90 {at(0.9).toFixed(1)}, p99{' '}
        {at(0.99).toFixed(1)}, worst {at(1).toFixed(1)} microseconds. The darker, the more.
      </p>
    </>
  )
}
