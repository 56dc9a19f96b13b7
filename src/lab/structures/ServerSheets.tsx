/** Databases: what the keys of the whole server are made of, the header of one, the struct of each database. */
import { showBytes } from '../bytes.ts'
import { count, duration } from '../format.ts'
import { useView } from '../parts/use-view.ts'
import { type ScreenName, useChoice } from './choice.ts'
import { plural } from './data.ts'
import { typeInto } from './Cli.tsx'
import { failureOf, Pane } from './Pane.tsx'
import { readKeys } from './shapes.ts'
import { Asking, DataTable, Figures, Scroll, useSheet } from './sheets.tsx'

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
            <Member key="d" db={x.id} screen="Keys" text={count(x.keys)} />,
            <Member key="e" db={x.id} screen="Expiry" text={count(x.expires)} />,
            x.avgTtlMs === 0 ? '0' : duration(x.avgTtlMs * 1000),
            x.expiresCursor,
            <Member key="b" db={x.id} screen="Transactions" text={String(x.blocking)} />,
            x.ready,
            <Member key="w" db={x.id} screen="Transactions" text={String(x.watched)} />,
            x.tables.join(', '),
            x.rehashidx,
          ])}
        />
      </Pane>
      <KeysTable process={process} />
    </div>
  )
}

/** A member of the struct opens its view. */
function Member({ db, screen, text }: { db: number; screen: ScreenName; text: string }) {
  return (
    <button type="button" className="link" onClick={() => useChoice.setState({ db, screen })}>
      {text}
    </button>
  )
}

/** The keys of the list at the left, with what its marks mean in figures. */
function KeysTable({ process }: { process: string }) {
  const { db, pattern, type, encoding } = useChoice()
  const { keys, total, lfu } = readKeys(useView(process, 'keys', [String(db), '0', pattern, type, encoding]))
  return (
    <Pane
      label="Keys as a table"
      title="Keys"
      sub={`db${db}${pattern === '' ? '' : `, MATCH ${showBytes(pattern)}`}${type === '' ? '' : `, ${type}`}${encoding === '' ? '' : `, ${encoding}`}`}
      className="wide"
      testid="keys-table"
      summary={`${plural(keys.length, 'key')} of ${count(total)}. Looking touches none: no access time changes, no key expires by it.`}
    >
      <DataTable
        label="Keys"
        head={['Key', 'Type', 'Encoding', 'Elements', 'Bytes', 'Time left', lfu ? 'LFU counter' : 'Idle seconds']}
        right={[3, 4, 5, 6]}
        rows={keys
          .slice(0, 100)
          .map((k) => [
            <KeyLink key="k" db={db} name={k.name} />,
            k.type,
            k.encoding,
            count(k.length),
            count(k.bytes),
            k.expired ? 'expired' : k.ttl === null ? '' : duration(k.ttl * 1000),
            k.idle,
          ])}
        empty="No keys."
      />
    </Pane>
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
