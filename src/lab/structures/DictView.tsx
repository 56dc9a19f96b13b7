/**
 * The two tables of a dict. Row r holds bucket r of ht[0] and every bucket of ht[1] that its entries may move to, so that a
 * rehash reads from left to right: behind rehashidx the left side is empty, the row at rehashidx moves next.
 */
import { useEffect, useRef, useState } from 'react'
import { showBytes } from '../bytes.ts'
import { count } from '../format.ts'
import { useSize } from '../parts/use-size.ts'
import { typeOn } from './Cli.tsx'
import {
  commandText,
  type BucketData,
  type DictData,
  plural,
  type ScanData,
  type TableData,
  type Visit,
} from './data.ts'
import { destination } from './dict-text.ts'
import { HashLine, LoadGauge } from './DictTools.tsx'
import { type Marks, Picture, type TableTwin } from './Pane.tsx'

const ROW = 28
const LETTER = 6.65

export function dictSummary(d: DictData): string {
  const [old, next] = d.tables
  if (!old || old.size === 0) return 'The table is empty, size 0. The first key makes it 4 buckets.'
  const longest = (t: TableData) => Math.max(0, ...t.strip)
  if (d.rehashidx >= 0 && next)
    return `Rehashing: ht[0] has ${count(old.size)} buckets and ${plural(old.used, 'entry', 'entries')} left, ht[1] has ${count(next.size)} buckets and ${plural(next.used, 'entry', 'entries')}. Bucket ${d.rehashidx} is next${d.pauserehash > 0 ? '; paused, an iterator is open' : ''}.`
  const load = old.used / old.size
  return `${plural(old.used, 'entry', 'entries')} in ${count(old.size)} buckets, load ${load.toFixed(2)}, longest chain ${longest(old)}${old.sampled ? ' of those counted' : ''}. ${
    d.policy === 'avoid'
      ? 'A child is saving: it grows only above load 5.'
      : `The insert that finds ${count(old.size)} entries makes a table of ${count(old.size * 2)}.`
  }`
}

export function dictTable(d: DictData): TableTwin {
  const rows = d.tables.flatMap((t, n) =>
    t.buckets.map((b) => [`ht[${n}]`, b.index, b.length, b.keys.map((k) => showBytes(k, 60)).join(', ')]),
  )
  const all = d.tables.reduce((n, t) => n + t.size, 0)
  return {
    head: ['Table', 'Bucket', 'Entries', 'Keys, head of the chain first'],
    rows,
    note: `${d.tables
      .map(
        (t, n) =>
          `ht[${n}]: chains by length ${t.histogram
            .map((c, l) => (c > 0 ? `${l === 16 ? '16+' : l}: ${count(c)}` : ''))
            .filter((x) => x !== '')
            .join(', ')}${t.sampled ? ' (sampled)' : ''}.`,
      )
      .join(' ')}${rows.length < all ? ` Rows for ${rows.length} of ${count(all)} buckets.` : ''}`,
  }
}

interface Place {
  readonly table: 0 | 1
  readonly bucket: BucketData
  readonly x: number
  readonly y: number
  readonly width: number
  /** Room for the bucket's number. */
  readonly gut: number
  readonly gone: boolean
  readonly next: boolean
}

function placesOf(d: DictData, width: number): { places: Place[]; columns: number[][]; gut: number } {
  const places: Place[] = []
  const most = Math.max(0, ...d.tables.flatMap((t) => t.buckets.map((b) => b.index)))
  const gut = Math.max(32, Math.ceil(String(most).length * LETTER) + 8)
  const [old, next] = d.tables
  const rehashing = d.rehashidx >= 0 && next !== undefined
  const columnsOf = (t: TableData | undefined) =>
    !t || t.size === 0 ? 0 : t.size <= d.span ? 1 : Math.min(4, Math.ceil(t.size / d.span))
  const [c0, c1] = [columnsOf(old), rehashing ? columnsOf(next) : 0]
  const gap = rehashing ? 28 : 12
  const each = Math.max(132, Math.floor((width - (rehashing ? gap : 0)) / Math.max(1, c0 + c1)))
  const columns: number[][] = [[], []]
  for (const n of [0, 1] as const) {
    const t = n === 0 ? old : next
    if (!t || (n === 1 && !rehashing)) continue
    const cols = n === 0 ? c0 : c1
    for (let c = 0; c < cols; c++) columns[n]?.push((n === 1 ? c0 * each + gap : 0) + c * each)
    for (const b of t.buckets) {
      const shrinking = n === 1 && t.size < (old?.size ?? 0)
      const c = shrinking ? 0 : Math.floor(b.index / d.span)
      if (c >= cols) continue
      places.push({
        table: n,
        bucket: b,
        x: (n === 1 ? c0 * each + gap : 0) + c * each,
        y: 20 + ((shrinking ? b.index : b.index % d.span) - (shrinking ? 0 : d.from)) * ROW,
        width: each,
        gut,
        gone: n === 0 && rehashing && b.index < d.rehashidx,
        next: n === 0 && rehashing && b.index === d.rehashidx,
      })
    }
  }
  return { places: places.sort((a, b) => a.y - b.y || a.x - b.x), columns, gut }
}

export function DictView(props: {
  dict: DictData
  chosen?: string
  visits?: readonly Visit[]
  scan?: ScanData | null
  /** The last command wrote its entry where it was found. */
  wrote?: boolean
  /** The key whose hash is taken apart below. */
  hash?: Visit | null | undefined
  onWindow: (from: number | null) => void
  following: boolean
  /** Whose keyspace it is, to type commands about its keys. */
  of?: { readonly process: string; readonly db: number } | undefined
  onPick?: (key: string) => void
}) {
  const { dict, visits = [] } = props
  const holder = useRef<HTMLDivElement>(null)
  const size = useSize(holder)
  const moved = useMoved(dict)
  const width = Math.max(280, size.width || 520)
  const [old, next] = dict.tables
  const { places, columns, gut } = placesOf(dict, width)
  const rehashing = dict.rehashidx >= 0 && next !== undefined
  const rows = dict.rows
  // A table of another size has other buckets.
  const scan = props.scan?.size === dict.tables[0]?.size ? props.scan : null
  const scanned = new Set(scan?.visited.map(([t, b]) => `${t}|${b}`) ?? [])
  const fresh = new Set(scan?.visited.slice(-scan.fresh).map(([t, b]) => `${t}|${b}`) ?? [])
  const written = new Set(
    props.wrote ? visits.filter((v) => v.found).map((v) => v.looked.at(-1)?.slice(0, 2).join('|') ?? '') : [],
  )
  const looked = new Map<string, number>()
  for (const v of visits)
    for (const [t, b] of v.looked) if (!looked.has(`${t}|${b}`)) looked.set(`${t}|${b}`, looked.size + 1)
  const tell = places.map((p) => {
    const v = visits.find((x) => x.looked.some(([t, b]) => t === p.table && b === p.bucket.index))
    const keys = p.bucket.keys.map((k) => showBytes(k, 60)).join(', ')
    const rest = p.bucket.length - p.bucket.keys.length
    return `ht[${p.table}] bucket ${p.bucket.index}: ${p.bucket.length === 0 ? (p.gone ? 'empty, moved already' : 'empty') : `${plural(p.bucket.length, 'entry', 'entries')}, ${keys}${rest > 0 ? ` and ${rest} more` : ''}`}${p.next ? '; next to move' : ''}${v ? `; the last command looked here for ${showBytes(v.key, 40)}, hash 0x${v.hash.toString(16).padStart(8, '0')}` : ''}${written.has(`${p.table}|${p.bucket.index}`) ? ' and wrote here' : ''}${fresh.has(`${p.table}|${p.bucket.index}`) ? '; the last SCAN was here' : scanned.has(`${p.table}|${p.bucket.index}`) ? '; an earlier SCAN of this chain was here' : ''}.`
  })
  const commandsFor = (i: number): string[] => {
    const key = places[i]?.bucket.keys[0]
    if (key === undefined || key.length > 40) return []
    return [
      ['EXISTS', key],
      ['TYPE', key],
      ['OBJECT', 'ENCODING', key],
      ['TTL', key],
    ].map((argv) => commandText(argv, 200))
  }
  const arrowRow = rehashing ? dict.rehashidx - dict.from : -1
  const total = Math.max(width, ...places.map((p) => p.x + p.width))
  return (
    <>
      <div className="sv" ref={holder}>
        {old && old.size > 0 && (
          <Picture
            label={`Hash table, ${dict.tables.map((t, i) => `ht[${i}] size ${t.size} used ${t.used}`).join(', ')}`}
            tell={tell}
            across={columns.flat().length}
            commands={props.of && commandsFor}
            run={props.of && ((line) => props.of && typeOn(props.of, line))}
          >
            {(marks) => (
              <svg width={total} height={22 + rows * ROW} aria-hidden="true">
                <defs>
                  <pattern
                    id="dict-gone"
                    width="5"
                    height="5"
                    patternUnits="userSpaceOnUse"
                    patternTransform="rotate(45)"
                  >
                    <path d="M0 0v5" stroke="var(--line-2)" />
                  </pattern>
                </defs>
                {dict.tables.map((t, n) => (
                  // biome-ignore lint/suspicious/noArrayIndexKey: the two tables are their numbers
                  <text key={n} x={(columns[n]?.[0] ?? 0) + gut} y="12" fontSize="12">
                    <tspan fontWeight="600">ht[{n}]</tspan>
                    <tspan dx="8" className="ink2t">
                      size {count(t.size)}, used {count(t.used)}
                    </tspan>
                  </text>
                ))}
                {arrowRow >= 0 && arrowRow < rows && (
                  <>
                    <rect x="0" y={18 + arrowRow * ROW} width={total} height={ROW} rx="3" fill="var(--migrating-t)" />
                    <path
                      d={`M${(columns[1]?.[0] ?? 0) - 20} ${32 + arrowRow * ROW}h14m-5-5 5 5-5 5`}
                      fill="none"
                      stroke="var(--migrating-ink)"
                      strokeWidth="2"
                    />
                  </>
                )}
                {places.map((p, i) => (
                  <Bucket
                    key={`${p.table}|${p.bucket.index}`}
                    place={p}
                    index={i}
                    told={tell[i] ?? ''}
                    marks={marks}
                    step={looked.get(`${p.table}|${p.bucket.index}`) ?? 0}
                    wrote={written.has(`${p.table}|${p.bucket.index}`)}
                    chosen={props.chosen ?? ''}
                    moved={moved}
                    scanned={
                      fresh.has(`${p.table}|${p.bucket.index}`)
                        ? 2
                        : scanned.has(`${p.table}|${p.bucket.index}`)
                          ? 1
                          : 0
                    }
                    onPick={props.onPick}
                  />
                ))}
                <Arcs places={places} moved={moved} oldSize={old.size} from={(columns[0]?.[0] ?? 0) + gut + 24} />
              </svg>
            )}
          </Picture>
        )}
      </div>
      {dict.span > dict.rows && (
        <Strip dict={dict} width={width} onWindow={props.onWindow} following={props.following} />
      )}
      <LoadGauge dict={dict} />
      {props.hash && <HashLine visit={props.hash} dict={dict} />}
    </>
  )
}

function Bucket(props: {
  place: Place
  index: number
  told: string
  marks: Marks
  step: number
  wrote: boolean
  chosen: string
  moved: ReadonlySet<string>
  /** 2: the last SCAN was here; 1: an earlier one of its chain. */
  scanned: 0 | 1 | 2
  onPick: ((key: string) => void) | undefined
}) {
  const { place: p, marks, index, step } = props
  const { bucket, x, y } = p
  const on = marks.on === index
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the picture around it takes the keyboard
    <g onClick={() => marks.pick(index)}>
      <title>{props.told}</title>
      <text className="m ink3t" x={x + p.gut - 6} y={y + 16} fontSize="11" textAnchor="end">
        {bucket.index}
      </text>
      <rect
        className={on ? 'mark-on' : ''}
        x={x + p.gut}
        y={y}
        width="24"
        height="24"
        fill={p.gone ? 'url(#dict-gone)' : bucket.length > 0 ? 'var(--bg-sel)' : 'var(--bg-panel)'}
        stroke={on || step > 0 ? 'var(--ink)' : 'var(--line-3)'}
        strokeWidth={on || step > 0 ? 2 : 1}
        strokeDasharray={p.gone && step === 0 ? '2 2' : undefined}
      />
      {props.scanned > 0 && (
        <rect
          x={x + p.gut + 1}
          y={y + 1}
          width="22"
          height="22"
          fill={props.scanned === 2 ? 'var(--suspect-t)' : 'var(--importing-t)'}
        />
      )}
      {props.scanned === 2 && <path d={`M${x + p.gut} ${y + 23}h24`} stroke="var(--ink)" strokeWidth="3" />}
      {step > 0 && (
        <text x={x + p.gut + 12} y={y + 16} fontSize="11" fontWeight="700" textAnchor="middle">
          {step}
          {props.wrote ? 'w' : ''}
        </text>
      )}
      <Chain {...props} />
    </g>
  )
}

function Chain({
  place,
  chosen,
  moved,
  onPick,
}: {
  place: Place
  chosen: string
  moved: ReadonlySet<string>
  onPick: ((key: string) => void) | undefined
}) {
  const { bucket, y } = place
  const end = place.x + place.width - 6
  let x = place.x + place.gut + 36
  const out: React.ReactNode[] = []
  for (let i = 0; i < bucket.keys.length; i++) {
    const key = bucket.keys[i] ?? ''
    const left = bucket.length - i - 1
    const room = Math.floor((end - x - 10 - (left > 0 ? 26 : 0)) / LETTER)
    const whole = showBytes(key, 18)
    if (room < Math.min(whole.length, 4)) {
      out.push(
        <text key="rest" className="m ink2t" x={x} y={y + 16} fontSize="11">
          +{bucket.length - i}
        </text>,
      )
      break
    }
    const text = whole.length > room ? `${whole.slice(0, Math.max(1, room - 1))}…` : whole
    const w = text.length * LETTER + 10
    const at = x
    x += w + 12
    out.push(
      // biome-ignore lint/a11y/noStaticElementInteractions: keys can be chosen in the list of keys as well
      <g
        key={key}
        className={moved.has(key) ? 'moved' : ''}
        onClick={
          onPick
            ? (e) => {
                e.stopPropagation()
                onPick(key)
              }
            : undefined
        }
      >
        <title>{showBytes(key)}</title>
        <path d={`M${at - 10} ${y + 12}h9m-4-3 4 3-4 3`} fill="none" stroke="var(--ink-3)" />
        <rect
          x={at}
          y={y + 2}
          width={w}
          height="20"
          rx="3"
          fill={key === chosen ? 'var(--inv)' : 'var(--bg-raised)'}
          stroke={key === chosen ? 'var(--inv)' : 'var(--line-3)'}
        />
        <text
          className="m"
          x={at + 5}
          y={y + 16}
          fontSize="11"
          style={{ fill: key === chosen ? 'var(--inv-ink)' : 'var(--ink)' }}
        >
          {text}
        </text>
      </g>,
    )
  }
  return out
}

/** Where entries went at the last look: they stay at their bucket's number, or move up by the old size. */
function Arcs(props: { places: readonly Place[]; moved: ReadonlySet<string>; oldSize: number; from: number }) {
  const { places, moved, oldSize, from } = props
  if (moved.size === 0) return null
  return places
    .filter((p) => p.table === 1 && p.bucket.keys.some((k) => moved.has(k)))
    .slice(0, 24)
    .map((p) => {
      const way = destination(p.bucket.index, oldSize)
      const y = p.y + 12
      const to = p.x + p.gut - 3
      const bend = way === 'same' ? -14 : 14
      const color = way === 'same' ? 'var(--replica)' : 'var(--migrating-ink)'
      return (
        <g key={p.bucket.index} className="arc" fill="none" stroke={color} strokeWidth="2">
          <path d={`M${from} ${y}C${from + 30} ${y + bend} ${to - 40} ${y + bend} ${to} ${y}`} />
          <path
            d={`M${to - 6} ${y + (way === 'same' ? -6 : 0)}l6 ${way === 'same' ? 6 : 0}l-6 ${way === 'same' ? -1 : 5}`}
          />
          <text
            x={way === 'same' ? (from + to) / 2 : to - 34}
            y={way === 'same' ? y - 13 : y - 3}
            fontSize="11"
            textAnchor="middle"
            stroke="none"
            style={{ fill: color }}
          >
            {way === 'same' ? 'same number' : `+ ${oldSize}`}
          </text>
        </g>
      )
    })
}

/** Keys that stood in ht[0] at the last look and stand in ht[1] now. */
function useMoved(d: DictData): ReadonlySet<string> {
  const before = useRef<ReadonlySet<string>>(new Set())
  const [moved, setMoved] = useState<ReadonlySet<string>>(new Set())
  useEffect(() => {
    const keysOf = (t: TableData | undefined) => new Set(t?.buckets.flatMap((b) => b.keys) ?? [])
    const fresh = d.rehashidx >= 0 ? [...keysOf(d.tables[1])].filter((k) => before.current.has(k)) : []
    before.current = keysOf(d.tables[0])
    if (fresh.length > 0) setMoved(new Set(fresh))
  }, [d])
  useEffect(() => {
    if (moved.size === 0) return
    const later = setTimeout(() => setMoved(new Set()), 1700)
    return () => clearTimeout(later)
  }, [moved])
  return moved
}

/** All buckets at a glance: the darker, the longer the chain. The frame is the window above; it follows until moved by hand. */
function Strip(props: { dict: DictData; width: number; onWindow: (from: number | null) => void; following: boolean }) {
  const { dict, width } = props
  const move = (from: number) => props.onWindow(Math.max(0, Math.min(dict.span - dict.rows, Math.round(from))))
  const onKey = (e: React.KeyboardEvent) => {
    const by = {
      ArrowRight: 1,
      ArrowLeft: -1,
      ArrowDown: 1,
      ArrowUp: -1,
      PageDown: dict.rows,
      PageUp: -dict.rows,
      Home: -Infinity,
      End: Infinity,
    }[e.key]
    if (by === undefined) return
    e.preventDefault()
    e.stopPropagation()
    move(dict.from + by)
  }
  const label = `Buckets ${dict.from} to ${dict.from + dict.rows - 1} of ${dict.span}`
  return (
    <div className="strip">
      <div
        className="strip-bar"
        role="slider"
        tabIndex={0}
        aria-label="Window of buckets"
        aria-valuemin={0}
        aria-valuemax={dict.span - dict.rows}
        aria-valuenow={dict.from}
        aria-valuetext={label}
        onKeyDown={onKey}
        onPointerDown={(e) => {
          const box = e.currentTarget.getBoundingClientRect()
          const t = dict.tables[Math.floor(((e.clientY - box.top) / box.height) * dict.tables.length)]
          const bucket = ((e.clientX - box.left) / box.width) * (t?.size ?? dict.span)
          move((bucket % dict.span) - dict.rows / 2)
        }}
      >
        <svg
          width="100%"
          height={dict.tables.length * 12}
          viewBox={`0 0 ${width} ${dict.tables.length * 12}`}
          preserveAspectRatio="none"
          aria-hidden="true"
        >
          {dict.tables.map((t, n) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: the two tables are their numbers
            <StripRow key={n} table={t} top={n * 12 + 1} width={width} gone={n === 0 ? dict.rehashidx : -1} />
          ))}
          {dict.tables.map((t, n) =>
            Array.from({ length: Math.max(1, Math.ceil(t.size / dict.span)) }, (_, k) => (
              <rect
                // biome-ignore lint/suspicious/noArrayIndexKey: a frame is its place
                key={`${n}|${k}`}
                x={((dict.from + k * dict.span) / t.size) * width}
                y={n * 12 + 0.5}
                width={Math.max(3, (Math.min(dict.rows, t.size) / t.size) * width)}
                height="11"
                fill="none"
                stroke="var(--ink)"
                strokeWidth="1.5"
              />
            )),
          )}
        </svg>
      </div>
      <span className="cap">{label}</span>
      <button type="button" className="btn small" disabled={props.following} onClick={() => props.onWindow(null)}>
        Follow
      </button>
    </div>
  )
}

/** One path for each shade: a million keys change the whole strip with every look. */
function StripRow({ table: t, top, width, gone }: { table: TableData; top: number; width: number; gone: number }) {
  const w = width / t.strip.length
  const shades = new Map<number, string>()
  t.strip.forEach((most, i) => {
    const shade = gone >= 0 && (i + 1) * t.cell <= gone ? -1 : Math.min(4, most)
    shades.set(shade, `${shades.get(shade) ?? ''}M${(i * w).toFixed(2)} ${top}h${w.toFixed(2)}v10h${(-w).toFixed(2)}z`)
  })
  return [...shades].map(([shade, d]) => (
    <path
      key={shade}
      d={d}
      fill={shade < 0 ? 'url(#dict-gone)' : shade === 0 ? 'var(--bg-canvas)' : 'var(--ink)'}
      opacity={shade <= 0 ? 1 : 0.18 + shade * 0.18}
    />
  ))
}
