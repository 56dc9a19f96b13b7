/** One key: the structure that holds it, the way the last command took through it, its encoding history. */
import { useState } from 'react'
import { bytesToArray, showBytes, textToBytes } from '../bytes.ts'
import { bytesText, count, duration } from '../format.ts'
import { useView } from '../parts/use-view.ts'
import { pinOf, togglePin, useChoice } from './choice.ts'
import {
  commandText,
  type DictData,
  type GoneData,
  type IntsetData,
  type KeyData,
  type ListpackData,
  type PathData,
  plural,
  type QuicklistData,
  type SdsData,
  type SkiplistData,
  when,
} from './data.ts'
import { ChainLengths } from './DictTools.tsx'
import { DictView, dictSummary, dictTable } from './DictView.tsx'
import {
  BitsView,
  type BitsData,
  decodeGeo,
  type FacetOf,
  type GeoLook,
  GeoView,
  type GeoPoint,
  HllView,
  type HllData,
} from './FacetViews.tsx'
import { HistoryView, historySummary, historyTable } from './HistoryView.tsx'
import { IntsetView, intsetSummary, intsetTable } from './IntsetView.tsx'
import { KeyEdit } from './KeyEdit.tsx'
import { ListpackView, listpackSummary, listpackTable } from './ListpackView.tsx'
import { Failed, failureOf, Pane, type TableTwin } from './Pane.tsx'
import { QuicklistView, quicklistSummary, quicklistTable } from './QuicklistView.tsx'
import { IntView, SdsView, sdsSummary, sdsTable } from './SdsView.tsx'
import { type StreamData, StreamView, streamSummary, streamTable } from './StreamView.tsx'
import { RerollView } from './RerollView.tsx'
import { Threshold } from './Threshold.tsx'
import { ZiplistView } from './ZiplistView.tsx'
import { SkiplistView, skiplistSummary, skiplistTable, type Way } from './SkiplistView.tsx'

/** What the last command did to the structure, in words. */
export function pathText(path: PathData | null): string {
  switch (path?.kind) {
    case 'buckets':
      return path.visits
        .slice(0, 3)
        .map(
          (v) =>
            `${showBytes(v.key, 20)}: ${v.looked.map(([t, b]) => `ht[${t}] bucket ${b}`).join(', then ')}, ${v.found ? 'found' : 'not there'} after ${plural(
              v.looked.reduce((n, l) => n + l[2], 0),
              'comparison',
            )}`,
        )
        .join('; ')
    case 'skiplist':
      return path.hops.length === 0
        ? 'the dict beside it answered'
        : `${plural(path.hops.filter((h) => h.seen > 0).length, 'comparison')}, rank ${count(path.rank)} from 1`
    case 'entries':
      return `${plural(path.compared.length, 'entry', 'entries')} compared from the head${path.hits.length > 0 ? `, found at ${path.hits.join(', ')}` : ', not there'}`
    case 'nodes':
      return `${plural(path.visited.length, 'node')} from the ${path.from}, index ${count(path.index)}`
    case 'probes':
      return path.probes.length === 0
        ? 'outside the first and the last member'
        : `${plural(path.probes.length, 'probe')}, ${path.found ? 'found' : 'not there'}`
    case 'bytes':
      return `${path.end - path.start === 1 ? `byte ${count(path.start)}` : `bytes ${count(path.start)} to ${count(Math.max(path.start, path.end - 1))}`} ${path.wrote ? 'written' : 'read'}`
    default:
      return ''
  }
}

function LastLine({ data }: { data: KeyData }) {
  if (!data.last) return null
  const told = pathText(data.path)
  return (
    <p className="cap lastline" data-testid="last-command">
      <span className="tag2">Last command</span>{' '}
      <span className="mono ink">{commandText(data.last.argv, 56, data.last.more)}</span> at {when(data.last.at)} by{' '}
      <span className="mono">{data.last.client}</span>
      {told === '' ? '' : `: ${told}`}
    </p>
  )
}

/** What was seen last stays, dimmed, until what was asked for now has come. */
function useHeld(view: unknown, id: string): { view: unknown; stale: boolean } {
  const [held, setHeld] = useState<{ id: string; view: unknown }>({ id: '', view: undefined })
  if (view !== undefined && (held.view !== view || held.id !== id)) setHeld({ id, view })
  const stale = view === undefined && held.id === id && held.view !== undefined
  return { view: stale ? held.view : view, stale }
}

export function ObjectPanes({ process, db, name }: { process: string; db: number; name: string }) {
  const { member } = useChoice()
  const [windows, setWindows] = useState<Readonly<Record<string, number | null>>>({})
  const from = windows[name] ?? null
  const facet = useChoice((c) => c.facet)
  const asked = useView(process, 'object', [
    String(db),
    name,
    member,
    from === null ? '' : String(from),
    '',
    facet === 'Bits' ? 'bits' : '',
  ])
  const { view, stale } = useHeld(asked, pinOf(process, db, name))
  if (name === '')
    return (
      <Pane label="Key" title="Key" className="keypane">
        <div className="say">Choose a key at the left, or type a command.</div>
      </Pane>
    )
  const failed = failureOf(view)
  if (failed !== null)
    return (
      <Pane label="Key" title="Key" className="keypane">
        <Failed text={failed} />
      </Pane>
    )
  if (view === undefined || view === null || 'gone' in (view as object)) {
    const gone = view as GoneData | null | undefined
    return (
      <>
        <Pane
          label={`Key ${showBytes(name, 40)}`}
          title={<span className="mono">{showBytes(name, 40)}</span>}
          className="keypane"
        >
          <div className="say">
            {view === undefined
              ? `Asking ${process}`
              : view === null
                ? `${process} does not hold this key, or is not running.`
                : 'This key is gone.'}
          </div>
        </Pane>
        {gone?.story && gone.story.length > 0 && (
          <Pane
            label="Encoding history"
            title="Encoding history"
            table={historyTable(gone.story)}
            summary={historySummary(gone.story, 0)}
          >
            <ol className="story">
              {gone.story.map((e, i) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: a change is its place
                <li key={i}>
                  <span className="mono">{when(e.at)}</span> {commandText(e.command)}: {e.from ?? 'no key'} to{' '}
                  {e.to ?? 'no key'}
                </li>
              ))}
            </ol>
          </Pane>
        )}
      </>
    )
  }
  const data = view as KeyData
  return (
    <>
      <KeyPane
        process={process}
        db={db}
        data={data}
        name={name}
        from={from}
        onFrom={(f) => setWindows({ ...windows, [name]: f })}
        stale={stale}
        main
      />
      <Pane
        label="Encoding history"
        testid="history"
        className="history"
        title="Encoding history"
        sub={<span className="mono">{showBytes(name, 24)}</span>}
        right={
          <span className="sub mono limit">
            {data.limits.filter(([n]) => /entries|max-listpack-size|bytes/.test(n))[0]?.join(' ') ?? ''}
          </span>
        }
        summary={historySummary(data.events, data.forgotten, data.type === 'string' ? 'byte' : 'element')}
        table={historyTable(data.events)}
      >
        {data.samples.length === 0 ? (
          <div className="say small">
            {data.events.length === 0
              ? 'No command has touched this key since the server started here.'
              : 'One encoding so far.'}
          </div>
        ) : (
          <HistoryView data={data} />
        )}
      </Pane>
    </>
  )
}

/** A key that stays in view. */
export function PinnedPane({ process, db, name }: { process: string; db: number; name: string }) {
  const [from, setFrom] = useState<number | null>(null)
  const view = useView(process, 'object', [String(db), name, '', from === null ? '' : String(from), '6'])
  if (view === undefined || failureOf(view) !== null) return null
  if (view === null || 'gone' in (view as object))
    return (
      <Pane
        label={`Key ${showBytes(name, 40)}`}
        title={<span className="mono">{showBytes(name, 24)}</span>}
        right={<PinButton process={process} db={db} name={name} />}
      >
        <div className="say small">
          {view === null ? `${process} does not hold this key, or is not running.` : 'This key is gone.'}
        </div>
      </Pane>
    )
  return <KeyPane process={process} db={db} data={view as KeyData} name={name} from={from} onFrom={setFrom} />
}

function PinButton({ process, db, name }: { process: string; db: number; name: string }) {
  const on = useChoice((s) => s.pins.includes(pinOf(process, db, name)))
  return (
    <button
      type="button"
      className={`btn q small ${on ? 'on' : ''}`}
      aria-pressed={on}
      title={on ? 'Stop keeping this key in view' : 'Keep this key in view'}
      onClick={() => togglePin(process, db, name)}
    >
      {on ? 'Unpin' : 'Pin'}
    </button>
  )
}

function KeyPane(props: {
  process: string
  db: number
  data: KeyData
  name: string
  from: number | null
  onFrom: (from: number | null) => void
  main?: boolean
  stale?: boolean
}) {
  const { data, name, main = false } = props
  const { member } = useChoice()
  const s = data.structure
  const way = s.kind === 'skiplist' ? wayOf(data, main ? member : '') : null
  const { summary, table } = wordsOf(data, way)
  const ttl = data.ttlMs
  return (
    <Pane
      label={`Key ${showBytes(name, 40)}`}
      testid={main ? 'key-pane' : 'pinned-pane'}
      className={`${main ? 'keypane' : 'pinned'} ${props.stale ? 'stale' : ''}`}
      title={
        <span className="mono name" title={showBytes(name)}>
          {showBytes(name, main ? 32 : 18)}
        </span>
      }
      sub={
        <>
          {data.type}, {data.encoding}, {bytesText(data.bytes)}
          {ttl === null ? '' : ttl < 0 ? ', expired, not yet deleted' : `, expires in ${ttlText(ttl)}`}
        </>
      }
      right={
        <>
          {main && <Facets data={data} />}
          {main && s.kind === 'skiplist' && <MemberSearch name={name} member={member} />}
          <PinButton process={props.process} db={props.db} name={name} />
        </>
      }
      summary={summary}
      table={table}
      foot={
        main ? (
          <>
            <KeyEdit key={data.key} process={props.process} name={data.key} type={data.type} />
            <LastLine data={data} />
          </>
        ) : undefined
      }
    >
      {main ? (
        <Facet data={data} onFrom={props.onFrom} of={{ process: props.process, name: data.key }}>
          <Body data={data} way={way} from={props.from} onFrom={props.onFrom} process={props.process} db={props.db} />
        </Facet>
      ) : (
        <Body data={data} way={way} from={props.from} onFrom={props.onFrom} />
      )}
    </Pane>
  )
}

/** The search that was typed, or else the last command's. */
function wayOf(data: KeyData, member: string): Way | null {
  const s = data.structure as unknown as SkiplistData
  if (member !== '' && s.search)
    return {
      ...s.search,
      dict: null,
      names: s.visited,
      command: `ZRANK ${showBytes(data.key, 16)} ${showBytes(member, 16)}`,
    }
  if (data.path?.kind !== 'skiplist' || !data.last) return null
  return {
    ...data.path,
    found: data.path.rank > 0,
    names: data.names,
    command: commandText(data.last.argv, 30),
  }
}

function wordsOf(data: KeyData, way: Way | null): { summary: string; table: TableTwin | null } {
  const s = data.structure as unknown
  switch (data.structure.kind) {
    case 'skiplist':
      return {
        summary: skiplistSummary(s as SkiplistData, way),
        table: skiplistTable(s as SkiplistData, way),
      }
    case 'listpack':
      return { summary: listpackSummary(s as ListpackData), table: listpackTable(s as ListpackData) }
    case 'quicklist':
      return { summary: quicklistSummary(s as QuicklistData), table: quicklistTable(s as QuicklistData) }
    case 'intset':
      return { summary: intsetSummary(s as IntsetData), table: intsetTable(s as IntsetData) }
    case 'sds':
      return { summary: sdsSummary(s as SdsData, data.encoding), table: sdsTable(s as SdsData) }
    case 'dict': {
      const d = s as DictData & { pairs: readonly (readonly [string, string])[] }
      const twin = dictTable(d)
      if (data.type !== 'hash') return { summary: dictSummary(d), table: twin }
      const values = new Map(d.pairs)
      const rows = d.tables.flatMap((t, n) =>
        t.buckets.flatMap((b) =>
          b.keys.map((k) => [`ht[${n}]`, b.index, showBytes(k, 40), showBytes(values.get(k) ?? '', 60)]),
        ),
      )
      return {
        summary: dictSummary(d),
        table: { head: ['Table', 'Bucket', 'Field', 'Value'], rows, ...(twin.note ? { note: twin.note } : {}) },
      }
    }
    case 'stream':
      return { summary: streamSummary(s as StreamData), table: streamTable(s as StreamData) }
    case 'int':
      return { summary: '', table: { head: ['Encoding', 'Value'], rows: [['int', String(data.structure['value'])]] } }
    default:
      return { summary: '', table: null }
  }
}

function Body(props: {
  data: KeyData
  way: Way | null
  from: number | null
  onFrom: (from: number | null) => void
  process?: string
  db?: number
}) {
  const { data, way, from, onFrom } = props
  const s = data.structure as unknown
  const of = props.process === undefined ? undefined : { process: props.process, db: props.db ?? 0, name: data.key }
  switch (data.structure.kind) {
    case 'skiplist':
      return (
        <SkiplistView
          s={s as SkiplistData}
          way={way}
          lens={data.lens}
          of={of}
          onFind={of && ((member) => useChoice.setState({ member }))}
          why={of && <Threshold data={data} {...of} />}
        />
      )
    case 'listpack':
      return (
        <>
          <ListpackView s={s as ListpackData} type={data.type} path={data.path} onFrom={onFrom} of={of} />
          {of && <Threshold data={data} {...of} />}
        </>
      )
    case 'quicklist':
      return (
        <QuicklistView
          s={s as QuicklistData}
          path={data.path}
          node={from ?? (s as QuicklistData).node}
          onNode={onFrom}
          {...(props.process === undefined ? {} : { process: props.process, limits: data.limits })}
          of={of}
        />
      )
    case 'intset':
      return <IntsetView s={s as IntsetData} path={data.path} events={data.events} onFrom={onFrom} />
    case 'sds':
      return <SdsView s={s as SdsData} encoding={data.encoding} path={data.path} last={data.last} />
    case 'dict':
      return (
        <>
          <DictView
            dict={s as DictData}
            visits={data.path?.kind === 'buckets' ? data.path.visits : []}
            hash={props.process === undefined || data.path?.kind !== 'buckets' ? null : data.path.visits.at(-1)}
            onWindow={onFrom}
            following={from === null}
          />
          {of && <Threshold data={data} {...of} />}
          {of && <ChainLengths dict={s as DictData} />}
        </>
      )
    case 'stream':
      return (
        <StreamView
          s={s as StreamData}
          onBlock={onFrom}
          {...(props.process === undefined
            ? {}
            : { of: { process: props.process, db: props.db ?? 0, name: data.key } })}
        />
      )
    case 'int':
      return <IntView value={String(data.structure['value'])} />
  }
  return <div className="say">Nothing to draw for {data.encoding}.</div>
}

/** Places of a sorted set whose every score is a 52-bit geohash of some size. */
function placesOf(data: KeyData): GeoPoint[] {
  const s = data.structure as unknown
  if (data.type !== 'zset') return []
  const points: GeoPoint[] =
    data.structure.kind === 'skiplist'
      ? (s as SkiplistData).nodes.map((n) => ({ ele: n.ele, score: n.score }))
      : (s as ListpackData).entries.flatMap((e, i, all) =>
          e.index % 2 === 0 && all[i + 1] ? [{ ele: String(e.value), score: Number(all[i + 1]?.value) }] : [],
        )
  return points.length > 0 && points.every((p) => p.score > 2 ** 32 && decodeGeo(p.score) !== null) ? points : []
}
function facetsOf(data: KeyData): string[] {
  if (data.type === 'string' && data.encoding !== 'int')
    return (data as unknown as { hll?: unknown }).hll ? ['Bytes', 'Registers', 'Bits'] : ['Bytes', 'Bits']
  const zip =
    data.structure.kind === 'listpack' ? ['As a ziplist'] : data.structure.kind === 'skiplist' ? ['Other dice'] : []
  if (placesOf(data).length > 0) return ['Structure', 'Map', ...zip]
  return zip.length > 0 ? [data.structure.kind === 'skiplist' ? 'Structure' : 'Bytes', ...zip] : []
}
function Facets({ data }: { data: KeyData }) {
  const facet = useChoice((c) => c.facet)
  const list = facetsOf(data)
  if (list.length === 0) return null
  const on = list.includes(facet) ? facet : list[0]
  return (
    <span className="seg" role="group" aria-label="Seen as">
      {list.map((f) => (
        <button
          key={f}
          type="button"
          className={`btn q small ${f === on ? 'on' : ''}`}
          aria-pressed={f === on}
          onClick={() => useChoice.setState({ facet: f, member: '' })}
        >
          {f}
        </button>
      ))}
    </span>
  )
}
function Facet({
  data,
  onFrom,
  of,
  children,
}: {
  data: KeyData
  of: FacetOf
  onFrom: (from: number | null) => void
  children: React.ReactNode
}) {
  const facet = useChoice((c) => c.facet)
  const { hll, bits } = data as unknown as { hll?: HllData | null; bits?: BitsData | null }
  if (!facetsOf(data).includes(facet)) return children
  if (facet === 'Registers' && hll) return <HllView s={hll} of={of} />
  if (facet === 'Bits')
    return bits ? <BitsView s={bits} onFrom={onFrom} of={of} /> : <div className="say">Asking for the bits</div>
  if (facet === 'Other dice') return <RerollView s={data.structure as unknown as SkiplistData} />
  if (facet === 'As a ziplist') return <ZiplistView s={data.structure as unknown as ListpackData} />
  if (facet === 'Map')
    return <GeoView points={placesOf(data)} look={(data as unknown as { geo?: GeoLook | null }).geo ?? null} />
  return children
}

function MemberSearch({ name, member }: { name: string; member: string }) {
  return (
    <label className="msearch">
      <span className="sub">search</span>
      <span className="mono">ZRANK {showBytes(name, 12)}</span>
      <input
        className="field mono"
        aria-label="Member to search"
        placeholder="member"
        size={9}
        value={new TextDecoder().decode(bytesToArray(member))}
        onChange={(e) => useChoice.setState({ member: textToBytes(e.target.value) })}
      />
    </label>
  )
}

export const ttlText = (ms: number): string => duration(ms * 1000)
