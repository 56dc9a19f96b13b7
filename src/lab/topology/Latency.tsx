/** Latency: a label on the links between two boxes, and a panel that changes it for one pair, one box, or all. */
import { useEffect, useId, useMemo, useRef, useState } from 'react'
import { useShallow } from 'zustand/react/shallow'
import type { LatencyView, Topology } from '../../browser/session.ts'
import { openLatency, setLatency } from '../actions.ts'
import { milliseconds, MIN_LATENCY_MS, parseMilliseconds } from '../format.ts'
import { Icon } from '../parts/icons.tsx'
import { lab, useLab } from '../store.ts'
import { type Layout, type Path, pointOn, type Rect } from './layout.ts'

interface Pair {
  readonly id: string
  readonly a: string
  readonly b: string
  readonly latencyMicros: number
  readonly jitterMicros: number
  readonly changed: boolean
}

function pairsOf(topology: Topology, latencies: readonly LatencyView[]): Pair[] {
  const { boxes, link } = topology
  return boxes.flatMap((x, i) =>
    boxes.slice(i + 1).map((y) => {
      const own = latencies.find((l) => (l.a === x.name && l.b === y.name) || (l.a === y.name && l.b === x.name))
      return { ...link, ...own, id: `${x.name}|${y.name}`, a: x.name, b: y.name, changed: own !== undefined }
    }),
  )
}

function usePairs(): readonly Pair[] {
  const [topology, latencies] = useLab(useShallow((s) => [s.session?.scenario.topology, s.state?.latencies] as const))
  return useMemo(() => (topology ? pairsOf(topology, latencies ?? []) : []), [topology, latencies])
}

export interface PlacedLatency {
  readonly pair: Pair
  readonly text: string
  readonly place: Rect
}

/** One label for each two boxes that a link joins, in the middle of their links. */
export function useLatencyPlaces(
  at: Layout | null,
  paths: ReadonlyMap<string, Path>,
  mini: boolean,
): readonly PlacedLatency[] {
  const pairs = usePairs()
  return useMemo(() => {
    if (!at) return []
    const out: PlacedLatency[] = []
    for (const pair of pairs) {
      // Where many boxes are joined, only what differs is labelled.
      if ((mini || at.boxes.size > 4) && !pair.changed) continue
      const text = milliseconds(pair.latencyMicros)
      const place = placeLabel(pair, text, at, paths, [...at.boxes.values(), ...out.map((o) => o.place)])
      if (place) out.push({ pair, text, place })
    }
    return out
  }, [at, paths, mini, pairs])
}

/** A changed latency is bold. */
export function LatencyLabels({ places }: { places: readonly PlacedLatency[] }) {
  const boxes = useLab((s) => s.session?.scenario.topology.boxes)
  const address = (name: string) => boxes?.find((b) => b.name === name)?.address ?? name
  return places.map(({ pair, text, place }) => {
    const between = `between ${address(pair.a)} and ${address(pair.b)}`
    return (
      <button
        key={pair.id}
        type="button"
        className={`lat ${pair.changed ? 'changed' : ''}`}
        style={{ left: place.x, top: place.y, width: place.w }}
        title={`Latency ${between}: ${text}, plus up to ${milliseconds(pair.jitterMicros)}. Click to change it`}
        aria-label={`Latency ${between}: ${text}`}
        data-testid={`latency-${pair.a}-${pair.b}`}
        onClick={(e) => openLatency(pair.id, e.currentTarget)}
      >
        {text}
      </button>
    )
  })
}

function placeLabel(
  pair: Pair,
  text: string,
  at: Layout,
  paths: ReadonlyMap<string, Path>,
  taken: readonly Rect[],
): Rect | null {
  const joins = [...paths].filter(([id]) => {
    const [p, q] = id.split('|')
    const ends = [at.boxOf.get(p ?? ''), at.boxOf.get(q ?? '')]
    return ends.includes(pair.a) && ends.includes(pair.b) && ends[0] !== ends[1]
  })
  const mid = (p: Path) => pointOn(p, 0.5)
  const sorted = joins.map(([, p]) => p).sort((p, q) => mid(p)[1] - mid(q)[1] || mid(p)[0] - mid(q)[0])
  const path = sorted[Math.floor((sorted.length - 1) / 2)]
  if (!path) return null
  const w = Math.ceil(text.length * 6.2) + 10
  for (const t of [0.5, 0.42, 0.58, 0.34, 0.66]) {
    const [x, y] = pointOn(path, t)
    const r = { x: Math.round(x - w / 2), y: Math.round(y - 8), w, h: 16 }
    if (r.x < 2 || r.y < 2 || r.x + w > at.width - 2 || r.y + 16 > at.height - 2) continue
    if (taken.some((o) => o.x < r.x + w && r.x < o.x + o.w && o.y < r.y + 16 && r.y < o.y + o.h)) continue
    return r
  }
  return null
}

export function LatencyPanel() {
  const draft = useLab((s) => s.latency)
  return draft ? <Open scope={draft.scope} from={draft.from} /> : null
}

/** '*' for all, a box's name for all of its links, "a|b" for one pair. */
const inScope = (scope: string, p: Pair) => scope === '*' || scope === p.id || scope === p.a || scope === p.b

function Open({ scope, from }: { scope: string; from: Element | null }) {
  const pairs = usePairs()
  const boxes = useLab((s) => s.session?.scenario.topology.boxes) ?? []
  const link = useLab((s) => s.session?.scenario.topology.link)
  const chosen = pairs.filter((p) => inScope(scope, p))
  const shown = (of: (p: Pair) => number) => {
    const values = new Set(chosen.map(of))
    return values.size === 1 ? String(([...values][0] ?? 0) / 1000) : ''
  }
  const [latency, setLatencyText] = useState(() => shown((p) => p.latencyMicros))
  const [jitter, setJitterText] = useState(() => shown((p) => p.jitterMicros))
  const [asked, setAsked] = useState(false)
  const id = useId()
  const first = useRef<HTMLInputElement>(null)
  useEffect(() => {
    first.current?.focus()
    first.current?.select()
  }, [])
  // Other links: their values. The focus stays where it is, so that the arrow keys can go through the list.
  // biome-ignore lint/correctness/useExhaustiveDependencies: only another choice of links resets what was typed
  useEffect(() => {
    setLatencyText(shown((p) => p.latencyMicros))
    setJitterText(shown((p) => p.jitterMicros))
    setAsked(false)
  }, [scope])
  const close = () => {
    lab.set({ latency: null })
    if (from instanceof HTMLElement && from.isConnected) from.focus()
  }
  const wait = parseMilliseconds(latency, 'Latency', MIN_LATENCY_MS)
  const more = parseMilliseconds(jitter, 'Jitter', 0)
  const wrong = typeof wait === 'string' ? wait : typeof more === 'string' ? more : null
  const apply = () => {
    setAsked(true)
    if (typeof wait === 'string' || typeof more === 'string') return
    setLatency(
      chosen.map((p) => [p.a, p.b]),
      wait,
      more,
    )
  }
  const address = (name: string) => boxes.find((b) => b.name === name)?.address ?? name
  return (
    <form
      className="panel-float"
      role="dialog"
      aria-label="Latency of links"
      onSubmit={(e) => {
        e.preventDefault()
        apply()
      }}
      onKeyDown={(e) => {
        if (e.key !== 'Escape') return
        e.stopPropagation()
        close()
      }}
    >
      <div className="ph">
        <Icon name="clock" />
        Latency of links
        <span className="sp" />
        <button type="button" className="btn q ic" aria-label="Close" onClick={close}>
          <Icon name="x" />
        </button>
      </div>
      <div className="fields">
        <label className="span2">
          <span>Links</span>
          <select
            className="field"
            aria-label="Which links"
            value={scope}
            onChange={(e) => openLatency(e.target.value, from)}
          >
            <option value="*">all between boxes</option>
            {boxes.map((b) => (
              <option key={b.name} value={b.name}>
                all of {b.address}
              </option>
            ))}
            {pairs.map((p) => (
              <option key={p.id} value={p.id}>
                {address(p.a)} to {address(p.b)}
              </option>
            ))}
          </select>
        </label>
        <label>
          <span>Latency, ms</span>
          <input
            ref={first}
            className="field mono"
            inputMode="decimal"
            value={latency}
            placeholder="differs"
            aria-invalid={asked && typeof wait === 'string'}
            aria-describedby={`${id}-wrong`}
            onChange={(e) => setLatencyText(e.target.value)}
          />
        </label>
        <label title="Each packet takes up to this much longer; the seed decides how much">
          <span>Jitter up to, ms</span>
          <input
            className="field mono"
            inputMode="decimal"
            value={jitter}
            placeholder="differs"
            aria-invalid={asked && typeof wait !== 'string' && typeof more === 'string'}
            aria-describedby={`${id}-wrong`}
            onChange={(e) => setJitterText(e.target.value)}
          />
        </label>
      </div>
      <p className="wrong" id={`${id}-wrong`} role="alert">
        {asked && wrong !== null && (
          <>
            <Icon name="sdown" size={14} />
            <span>{wrong}</span>
          </>
        )}
      </p>
      <div className="row">
        <button type="submit" className="btn p">
          Set the latency
        </button>
        {link && (
          <button
            type="button"
            className="btn"
            onClick={() => {
              setLatencyText(String(link.latencyMicros / 1000))
              setJitterText(String(link.jitterMicros / 1000))
              setLatency(
                chosen.map((p) => [p.a, p.b]),
                link.latencyMicros,
                link.jitterMicros,
              )
            }}
          >
            Back to {milliseconds(link.latencyMicros)}
          </button>
        )}
      </div>
      <table className="t">
        <caption className="sr">Latency of every link between boxes</caption>
        <thead>
          <tr>
            <th scope="col">Link</th>
            <th scope="col" className="r">
              Latency
            </th>
            <th scope="col" className="r">
              Jitter
            </th>
          </tr>
        </thead>
        <tbody>
          {pairs.map((p) => (
            <tr key={p.id} className={inScope(scope, p) ? 'on' : ''}>
              <td className="mono">
                {address(p.a)} to {address(p.b)}
              </td>
              <td className="mono r">{milliseconds(p.latencyMicros)}</td>
              <td className="mono r">{milliseconds(p.jitterMicros)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </form>
  )
}
