/**
 * 16384 slots, 128 a row, on a canvas: hue and cell shape are the owner, shade is how many keys; an open slot is hatched, a slot
 * that nobody has is a hole, one that the nodes disagree about has a cross.
 */
import { useEffect, useMemo, useRef, useState } from 'react'
import { useSize } from '../parts/use-size.ts'
import { useLab } from '../store.ts'
import { count } from '../format.ts'
import { type ClusterPicture, mostOf, rangeText, SLOTS } from './data.ts'
import { drawCells } from './cells.ts'
import { ownerLook } from './owners.tsx'
import { useSlotChoice } from './choice.ts'

const SIDE = 128
const AXIS = 44
const DRAW_MS = 100
const AXIS_SLOTS = [0, 2048, 4096, 6144, 8192, 10240, 12288, 14336]

/** Row order, or along a Hilbert curve, where slots that are near in number are near on the map. */
export function placeOf(slot: number, hilbert: boolean): [number, number] {
  if (!hilbert) return [slot % SIDE, Math.floor(slot / SIDE)]
  let [x, y, t] = [0, 0, slot]
  for (let s = 1; s < SIDE; s *= 2) {
    const rx = 1 & (t >> 1)
    const ry = 1 & (t ^ rx)
    if (ry === 0) {
      if (rx === 1) {
        x = s - 1 - x
        y = s - 1 - y
      }
      ;[x, y] = [y, x]
    }
    x += s * rx
    y += s * ry
    t >>= 2
  }
  return [x, y]
}

/** Slots that any node has marked as MIGRATING or IMPORTING. */
export function useOpenSlots(picture: ClusterPicture | null): ReadonlySet<number> {
  const key = (picture?.members ?? [])
    .flatMap((m) => [...(m.says?.migrating ?? []), ...(m.says?.importing ?? [])].map(([slot]) => slot))
    .join()
  return useMemo(() => new Set(key === '' ? [] : key.split(',').map(Number)), [key])
}

const everySlot = (cell: number, hilbert: boolean): [number, number, number][] =>
  Array.from({ length: SLOTS }, (_, slot) => {
    const [x, y] = placeOf(slot, hilbert)
    return [slot, x * cell, y * cell]
  })

/** "slot 5061: n0, 4 keys, MIGRATING to n1" */
export function slotText(picture: ClusterPicture, keys: Uint32Array, slot: number): string {
  const owner = picture.view.owners.find(([a, b]) => slot >= a && slot <= b)?.[2] ?? ''
  const parts = [owner === '' ? 'nobody has it' : picture.nameOf(owner), `${count(keys[slot] ?? 0)} keys`]
  for (const m of picture.members) {
    const to = m.says?.migrating.find(([s]) => s === slot)?.[1]
    const from = m.says?.importing.find(([s]) => s === slot)?.[1]
    if (to) parts.push(`${m.name} MIGRATING to ${picture.nameOf(to)}`)
    if (from) parts.push(`${m.name} IMPORTING from ${picture.nameOf(from)}`)
  }
  if (picture.disputed.has(slot)) parts.push('the nodes disagree')
  return `slot ${slot}: ${parts.join(', ')}`
}

interface MapProps {
  picture: ClusterPicture
  keys: Uint32Array
  /** What is shaded: keys, or what stands for them in another mode. */
  shades: Uint32Array
}
export function SlotMap({ picture, keys, shades }: MapProps) {
  const { slot: chosen, mode, layout, range } = useSlotChoice()
  const hilbert = layout === 'hilbert'
  const dragged = useRef<number | null>(null)
  const drawn = useRef({ at: 0 })
  const holder = useRef<HTMLDivElement>(null)
  const canvas = useRef<HTMLCanvasElement>(null)
  const size = useSize(holder)
  const theme = useLab((s) => s.theme)
  const [hover, setHover] = useState<number | null>(null)
  const open = useOpenSlots(picture)
  const { ownerOf, disputed } = picture
  const dense = Math.max(1, Math.round(devicePixelRatio))
  const fits = Math.min((size.width - AXIS) / SIDE, size.height / SIDE)
  const cell = Math.max(2, Math.min(5, Math.floor(fits * dense) / dense))
  const side = SIDE * cell
  const most = mostOf(shades)
  const cells = useMemo(() => everySlot(cell, hilbert), [cell, hilbert])
  // biome-ignore lint/correctness/useExhaustiveDependencies: the colours follow the theme
  useEffect(() => {
    const el = canvas.current
    const ctx = el?.getContext('2d')
    if (!el || !ctx || size.width === 0) return
    // Keys come and go many times a second under load; the map follows ten times a second.
    const wait = drawn.current.at + DRAW_MS - performance.now()
    const draw = () => {
      drawn.current.at = performance.now()
      drawCells(ctx, { ownerOf, disputed, keys: shades, most, mode, open }, cell, cells, side, side)
    }
    if (wait <= 0) return draw()
    const timer = setTimeout(draw, wait)
    return () => clearTimeout(timer)
  }, [ownerOf, disputed, shades, most, mode, open, cell, cells, side, theme, size.width])
  const at = (e: React.PointerEvent): number | null => {
    const r = e.currentTarget.getBoundingClientRect()
    const [x, y] = [Math.floor((e.clientX - r.left) / cell), Math.floor((e.clientY - r.top) / cell)]
    if (x < 0 || y < 0 || x >= SIDE || y >= SIDE) return null
    if (!hilbert) return y * SIDE + x
    return cells.find(([, cx, cy]) => cx === x * cell && cy === y * cell)?.[0] ?? null
  }
  const move = (to: number, extend: boolean) => {
    const slot = Math.max(0, Math.min(SLOTS - 1, to))
    const from = range === null ? chosen : chosen === range[0] ? range[1] : range[0]
    useSlotChoice.setState({ slot, range: extend ? [Math.min(from, slot), Math.max(from, slot)] : null })
  }
  const steps: Record<string, number> = {
    ArrowRight: 1,
    ArrowLeft: -1,
    ArrowDown: SIDE,
    ArrowUp: -SIDE,
    PageDown: 1024,
    PageUp: -1024,
  }
  const shown = hover ?? chosen
  const [px, py] = placeOf(shown, hilbert)
  const tipLeft = Math.min(Math.max(0, px * cell - 96), Math.max(0, side - 264))
  const tipTop = py * cell + (py > 112 ? -30 : cell + 8)
  return (
    <div className="map-hold" ref={holder}>
      <div
        className="map"
        style={{ width: side + AXIS, height: side }}
        role="application"
        aria-roledescription="slot map"
        aria-label={slotText(picture, keys, chosen)}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: the arrows move from slot to slot
        tabIndex={0}
        data-testid="slot-map"
        onKeyDown={(e) => {
          const step = steps[e.key]
          if (step === undefined || e.ctrlKey || e.metaKey || e.altKey) return
          e.preventDefault()
          e.stopPropagation()
          move(chosen + step, e.shiftKey)
        }}
      >
        {!hilbert &&
          AXIS_SLOTS.map((slot) => (
            <span className="axis mono" key={slot} style={{ top: (slot / SIDE) * cell - 4, width: AXIS - 8 }}>
              {slot}
            </span>
          ))}
        <canvas
          ref={canvas}
          style={{ left: AXIS, width: side, height: side }}
          onPointerMove={(e) => {
            const slot = at(e)
            setHover(slot)
            const from = dragged.current
            if (from === null || slot === null || slot === from || hilbert) return
            useSlotChoice.setState({ slot: Math.min(from, slot), range: [Math.min(from, slot), Math.max(from, slot)] })
          }}
          onPointerLeave={() => setHover(null)}
          onPointerDown={(e) => {
            const slot = at(e)
            if (slot === null) return
            dragged.current = slot
            e.currentTarget.setPointerCapture(e.pointerId)
            useSlotChoice.setState({ slot, range: null })
          }}
          onPointerUp={() => {
            dragged.current = null
          }}
        />
        {!hilbert && range && <Range range={range} cell={cell} />}
        {!hilbert && <Bands picture={picture} cell={cell} side={side} />}
        <span className="pin" style={{ left: AXIS + px * cell + cell / 2 - 8, top: py * cell + cell / 2 - 8 }} />
        {(hover !== null || open.has(chosen)) && (
          <span className="map-tip" style={{ left: AXIS + tipLeft, top: tipTop }}>
            {slotText(picture, keys, shown)}
          </span>
        )}
      </div>
    </div>
  )
}

/** The outline of a run of slots: part of a row, whole rows, part of a row. */
function Range({ range: [a, b], cell }: { range: readonly [number, number]; cell: number }) {
  const [r0, c0, r1, c1] = [Math.floor(a / SIDE), a % SIDE, Math.floor(b / SIDE), (b % SIDE) + 1]
  const w = SIDE * cell
  const [x0, x1, y0, y1] = [c0 * cell, c1 * cell, r0 * cell, (r1 + 1) * cell]
  const path =
    r0 === r1 ? `M${x0} ${y0}H${x1}V${y1}H${x0}Z` : `M${x0} ${y0}H${w}V${y1 - cell}H${x1}V${y1}H0V${y0 + cell}H${x0}Z`
  return (
    <svg className="map-range" width={w} height={w} style={{ left: AXIS }} aria-hidden="true">
      <path d={path} />
    </svg>
  )
}

/** A label at the head of every long run of one owner. */
function Bands({ picture, cell, side }: { picture: ClusterPicture; cell: number; side: number }) {
  const wide = side >= 360
  return picture.view.owners
    .filter(([first, last, id]) => id !== '' && last - first >= SIDE * (28 / cell))
    .map(([first, , id]) => {
      const seen = picture.view.nodes.find((n) => n.id === id)
      const say = seen?.flags.includes('fail')
        ? 'FAIL'
        : seen?.flags.includes('fail?')
          ? `PFAIL by ${picture.observer}`
          : ''
      const i = picture.ownerIndex.get(id) ?? 0
      return (
        <span className="band" key={first} style={{ top: Math.ceil(first / SIDE) * cell + 4, right: 4 }}>
          <i
            style={{ background: `var(${ownerLook(i).color})`, borderRadius: ownerLook(i).shape === 'round' ? 3 : 0 }}
          />
          <b>{picture.nameOf(id)}</b>
          {wide && <span className="mono">{seen?.ip}</span>}
          <span className="sp" />
          <span className={say === '' ? 'ink2' : 'warn'}>
            {say === '' ? '' : `${say}, `}
            {count(seen?.slots ?? 0)} slots
          </span>
        </span>
      )
    })
}

/** The map's accessible twin: contiguous ranges of each owner, and open slots. */
export function RangeTable({ picture, keys }: { picture: ClusterPicture; keys: Uint32Array }) {
  const rows = picture.view.owners.slice(0, 200).map(([first, last, id]) => {
    let n = 0
    for (let s = first; s <= last; s++) n += keys[s] ?? 0
    return { first, last, id, n }
  })
  const open = picture.members.flatMap((m) => [
    ...(m.says?.migrating ?? []).map(([s, id]) => `slot ${s}: ${m.name} MIGRATING to ${picture.nameOf(id)}`),
    ...(m.says?.importing ?? []).map(([s, id]) => `slot ${s}: ${m.name} IMPORTING from ${picture.nameOf(id)}`),
  ])
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a table that scrolls must be reachable by keyboard
    <div className="twin-hold" tabIndex={0} role="region" aria-label="Slots as a table">
      <table className="t">
        <thead>
          <tr>
            <th scope="col">Slots</th>
            <th scope="col">Owner</th>
            <th scope="col">Number</th>
            <th scope="col">Keys</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((r) => (
            <tr key={r.first}>
              <td className="mono">{rangeText([[r.first, r.last]])}</td>
              <td>{r.id === '' ? 'nobody' : picture.nameOf(r.id)}</td>
              <td className="mono">{count(r.last - r.first + 1)}</td>
              <td className="mono">{count(r.n)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {open.map((line) => (
        <p className="cap mono" key={line}>
          {line}
        </p>
      ))}
    </div>
  )
}
