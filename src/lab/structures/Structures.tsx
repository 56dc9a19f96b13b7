/** The Structures screen: the keyspace's dict, and the chosen key in the structure it is really kept in, live. */
import { useEffect } from 'react'
import { useShallow } from 'zustand/react/shallow'
import { showBytes, textToBytes } from '../bytes.ts'
import { bytesText, count } from '../format.ts'
import { useView } from '../parts/use-view.ts'
import { useLab } from '../store.ts'
import { addressOf } from '../world-facts.ts'
import { useChoice } from './choice.ts'
import { DictView } from './DictView.tsx'
import { IntsetView, ListpackView, QuicklistView, SdsView } from './ByteViews.tsx'
import { type KeyRow, num, rec, readDict, readKeys, readObject } from './shapes.ts'
import { SkiplistView } from './SkiplistView.tsx'

export function Structures() {
  const choice = useChoice()
  const selected = useLab((s) => s.selected)
  const servers = useLab(
    useShallow((s) => s.session?.scenario.topology.processes.filter((p) => p.kind === 'server') ?? []),
  )
  const scenario = useLab((s) => s.session?.scenario)
  const process = choice.process || (servers?.some((p) => p.name === selected) ? selected : (servers?.[0]?.name ?? ''))
  const keys = readKeys(useView(process, 'keys', [String(choice.db)]))
  const first = keys.keys[0]?.name
  useEffect(() => {
    if (choice.key === '' && first !== undefined) useChoice.setState({ process, key: first })
  }, [choice.key, first, process])
  return (
    <>
      <aside className="panel keys" aria-label="Keys">
        <div className="pick">
          <select
            className="field"
            aria-label="Process"
            value={process}
            onChange={(e) => useChoice.setState({ process: e.target.value, key: '', member: '' })}
          >
            {(servers ?? []).map((p) => (
              <option key={p.name} value={p.name}>
                {p.name}, {scenario ? addressOf(scenario, p.name) : ''}
              </option>
            ))}
          </select>
          <select
            className="field"
            aria-label="Database"
            value={choice.db}
            onChange={(e) => useChoice.setState({ db: Number(e.target.value), key: '', member: '' })}
          >
            {Array.from({ length: 16 }, (_, i) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: the sixteen databases are their numbers
              <option key={i} value={i}>
                db{i}
              </option>
            ))}
          </select>
        </div>
        <KeyList keys={keys.keys} chosen={choice.key} process={process} />
        {keys.total > keys.keys.length && (
          <div className="cap pick">
            First {count(keys.keys.length)} of {count(keys.total)} keys.
          </div>
        )}
      </aside>
      <div className="board">
        <KeyspacePane process={process} db={choice.db} chosen={choice.key} />
        <ObjectPane process={process} db={choice.db} name={choice.key} member={choice.member} />
      </div>
    </>
  )
}

const order = ['zset', 'hash', 'list', 'set', 'string']

function KeyList({ keys, chosen, process }: { keys: readonly KeyRow[]; chosen: string; process: string }) {
  if (keys.length === 0)
    return <div className="cap pick">No keys yet. In redis-cli, try HSET prefs:7 theme dark size 14.</div>
  const types = [...new Set([...order, ...keys.map((k) => k.type)])].filter((t) => keys.some((k) => k.type === t))
  return types.map((type) => (
    <div key={type} role="group" aria-label={type}>
      <span className="ty">{type}</span>
      {keys
        .filter((k) => k.type === type)
        .sort((a, b) => (a.name < b.name ? -1 : 1))
        .map((k) => (
          <button
            key={k.name}
            type="button"
            className={`kb ${k.name === chosen ? 'on' : ''}`}
            aria-pressed={k.name === chosen}
            title={showBytes(k.name)}
            onClick={() => useChoice.setState({ process, key: k.name, member: '' })}
          >
            <span>{showBytes(k.name, 60)}</span>
            <span>{k.encoding}</span>
          </button>
        ))}
    </div>
  ))
}

function KeyspacePane({ process, db, chosen }: { process: string; db: number; chosen: string }) {
  const dict = readDict(useView(process, 'dict', [String(db)]))
  return (
    <section className="pane" aria-label="Keyspace dict">
      <div className="ph">
        dict
        <span className="ink3 light">
          db{db} main table{dict && dict.rehashidx >= 0 ? ', rehashing' : ''}
        </span>
        <span className="sp" />
        <span className="mono ink2">rehashidx {dict?.rehashidx ?? -1}</span>
      </div>
      <div className="b">
        {dict ? (
          <DictView dict={dict} chosen={chosen} />
        ) : (
          <div className="say">{process} is not running, or has no keys.</div>
        )}
      </div>
    </section>
  )
}

function ObjectPane({ process, db, name, member }: { process: string; db: number; name: string; member: string }) {
  const data = useView(process, 'object', member === '' ? [String(db), name] : [String(db), name, member])
  const object = name === '' ? null : readObject(data)
  if (!object)
    return (
      <section className="pane" aria-label="Key">
        <div className="ph">
          <span className="mono">{showBytes(name, 40)}</span>
        </div>
        <div className="b">
          <div className="say">
            {name === '' ? 'Choose a key.' : data === undefined ? `Asking ${process}` : 'This key is gone.'}
          </div>
        </div>
      </section>
    )
  const s = rec(object.raw.structure)
  return (
    <section className="pane" aria-label={`Key ${showBytes(name, 40)}`}>
      <div className="ph">
        <span className="mono">{showBytes(name, 40)}</span>
        <span className="ink3 light">
          {object.type}, {object.encoding}, {bytesText(num(object.raw.bytes) ?? 0)}
        </span>
        <span className="sp" />
        {object.encoding === 'skiplist' && <MemberSearch name={name} member={member} />}
      </div>
      <div className="b">
        <Body kind={String(s.kind ?? '')} s={s} type={object.type} member={member} encoding={object.encoding} />
      </div>
    </section>
  )
}

function MemberSearch({ name, member }: { name: string; member: string }) {
  return (
    <label className="seed">
      <span className="ink2 light">search ZRANK {showBytes(name, 16)}</span>
      <input
        className="field mono"
        aria-label="Member to search"
        placeholder="member"
        size={12}
        defaultValue={member}
        key={name}
        onChange={(e) => useChoice.setState({ member: textToBytes(e.target.value) })}
      />
    </label>
  )
}

function Body({
  kind,
  s,
  type,
  member,
  encoding,
}: {
  kind: string
  s: Record<string, unknown>
  type: string
  member: string
  encoding: string
}) {
  switch (kind) {
    case 'skiplist':
      return <SkiplistView s={s} member={member} />
    case 'listpack':
      return <ListpackView s={s} type={type} />
    case 'quicklist':
      return <QuicklistView s={s} />
    case 'intset':
      return <IntsetView s={s} />
    case 'sds':
      return <SdsView s={s} encoding={encoding} />
    case 'dict': {
      const dict = readDict(s)
      return dict ? <DictView dict={dict} chosen="" /> : null
    }
    case 'int':
      return (
        <p className="cap">
          The value <b className="mono">{String(s.value)}</b> is kept in the pointer of the object itself: no string is
          allocated.
        </p>
      )
  }
  return <div className="say">Nothing to draw for {encoding}.</div>
}
