/** What a string or a sorted set is used as: a row of bits, the registers of a HyperLogLog, places on the earth. */
import { useEffect, useRef, useState } from 'react'
import { showBytes, textToBytes } from '../bytes.ts'
import { count } from '../format.ts'
import { useChoice } from './choice.ts'
import { typeInto } from './Cli.tsx'
import { codes, hex, plural } from './data.ts'
import { Pager } from './ListpackView.tsx'
import { Picture } from './Pane.tsx'
import { Figures } from './sheets.tsx'

export interface BitsData {
  readonly from: number
  readonly length: number
  readonly ones: number
  readonly exact: boolean
  readonly bytes: string
}
const PER_ROW = 8
/** Whose value it is: commands about it are typed. */
export interface FacetOf {
  readonly process: string
  readonly name: string
}
export function BitsView({ s, onFrom, of }: { s: BitsData; onFrom: (from: number) => void; of?: FacetOf | undefined }) {
  const bytes = codes(s.bytes).slice(0, 128)
  const rows = Math.ceil(bytes.length / PER_ROW)
  const tell = bytes.flatMap((b, i) =>
    Array.from(
      { length: 8 },
      (_, k) =>
        `Bit ${(s.from + i) * 8 + k}: ${(b >> (7 - k)) & 1}, in byte ${s.from + i}, 0x${hex(b)}. GETBIT counts from the highest bit of the first byte.`,
    ),
  )
  return (
    <>
      <p className="cap">
        {count(s.length)} bytes, {count(s.length * 8)} bits. BITCOUNT {s.exact ? '' : 'of the first 256 kB '}
        <b className="mono ink">{count(s.ones)}</b>.
      </p>
      <div className="sv">
        <Picture label={`${s.length * 8} bits, ${s.ones} of them set`} tell={tell} across={64}>
          {(marks) => (
            <svg width={50 + PER_ROW * 74} height={rows * 11 + 16} aria-hidden="true">
              {Array.from({ length: PER_ROW }, (_, i) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: a byte is its place
                <text key={i} className="m ink3t" x={50 + i * 74} y="10" fontSize="11">
                  +{i}
                </text>
              ))}
              {bytes.map((b, i) => {
                const [x, y] = [50 + (i % PER_ROW) * 74, 16 + Math.floor(i / PER_ROW) * 11]
                return (
                  // biome-ignore lint/suspicious/noArrayIndexKey: a byte is its place
                  <g key={i}>
                    {i % PER_ROW === 0 && (
                      <text className="m ink3t" x="42" y={y + 9} fontSize="11" textAnchor="end">
                        {(s.from + i) * 8}
                      </text>
                    )}
                    {Array.from({ length: 8 }, (_, k) => (
                      // biome-ignore lint/a11y/noStaticElementInteractions: the picture around it takes the keyboard
                      <rect
                        // biome-ignore lint/suspicious/noArrayIndexKey: a bit is its place
                        key={k}
                        className={marks.on === i * 8 + k ? 'mark-on' : ''}
                        x={x + k * 9}
                        y={y}
                        width="8"
                        height="9"
                        fill={(b >> (7 - k)) & 1 ? 'var(--ink)' : 'var(--bg-canvas)'}
                        stroke="var(--line-2)"
                        onClick={() => marks.pick(i * 8 + k)}
                        onDoubleClick={() =>
                          of &&
                          typeInto(of.process, [setBit(of.name, (s.from + i) * 8 + k, ((b >> (7 - k)) & 1) === 0)])
                        }
                      />
                    ))}
                  </g>
                )
              })}
            </svg>
          )}
        </Picture>
      </div>
      {of && <BitTools s={s} of={of} />}
      {s.length > 128 && <Pager from={s.from} shown={bytes.length} total={s.length} what="bytes" onFrom={onFrom} />}
    </>
  )
}

const word = (name: string): string => {
  const shown = showBytes(name)
  return /^[\w:.-]+$/.test(shown) ? shown : `"${shown.replace(/"/g, '\\"')}"`
}
const setBit = (name: string, bit: number, on: boolean): string => `SETBIT ${word(name)} ${bit} ${on ? 1 : 0}`
/** SETBIT, GETBIT and BITCOUNT, typed; a double click on a bit turns it over. */
function BitTools({ s, of }: { s: BitsData; of: FacetOf }) {
  const [bit, setDraft] = useState(0)
  const name = word(of.name)
  const last = Math.max(0, s.length - 1)
  const ask = (line: string, text: string) => (
    <button type="button" className="btn small" title={line} onClick={() => typeInto(of.process, [line])}>
      {text}
    </button>
  )
  return (
    <div className="knobs">
      <label className="knob">
        bit
        <input
          className="field mono bitno"
          type="number"
          min={0}
          value={bit}
          aria-label="Number of the bit"
          onChange={(e) => setDraft(Math.max(0, Math.min(2 ** 22, Math.floor(Number(e.target.value) || 0))))}
        />
      </label>
      {ask(setBit(of.name, bit, true), `SETBIT ${bit} 1`)}
      {ask(setBit(of.name, bit, false), `SETBIT ${bit} 0`)}
      {ask(`GETBIT ${name} ${bit}`, `GETBIT ${bit}`)}
      {ask(`BITCOUNT ${name}`, 'BITCOUNT')}
      {ask(`BITCOUNT ${name} ${s.from} ${Math.min(last, s.from + 127)}`, 'BITCOUNT of what is shown')}
      {ask(`BITPOS ${name} 1`, 'BITPOS 1')}
    </div>
  )
}

export interface HllData {
  readonly dense: boolean
  readonly bytes: number
  readonly header: string
  readonly registers: string
  readonly runs: { readonly zero: number; readonly xzero: number; readonly val: number }
  readonly count: string | null
  readonly cached: string | null
  readonly exact: number | null
  readonly element: { readonly element: string; readonly index: number; readonly count: number } | null
}
const SIDE = 128
const CELL = 3
export function HllView({ s, of }: { s: HllData; of?: FacetOf | undefined }) {
  const canvas = useRef<HTMLCanvasElement>(null)
  const [at, setAt] = useState(-1)
  const values = codes(s.registers)
  useEffect(() => {
    const ctx = canvas.current?.getContext('2d')
    if (!ctx) return
    const css = getComputedStyle(document.documentElement)
    const [ink, bg, mark] = ['--ink', '--bg-canvas', '--migrating'].map((v) => css.getPropertyValue(v).trim())
    ctx.globalAlpha = 1
    ctx.fillStyle = bg ?? ''
    ctx.fillRect(0, 0, SIDE * CELL, SIDE * CELL)
    ctx.fillStyle = ink ?? ''
    for (let i = 0; i < s.registers.length; i++) {
      const v = s.registers.charCodeAt(i)
      if (v === 0) continue
      ctx.globalAlpha = Math.min(1, 0.25 + v / 14)
      ctx.fillRect((i % SIDE) * CELL, Math.floor(i / SIDE) * CELL, CELL, CELL)
    }
    if (s.element) {
      ctx.globalAlpha = 1
      ctx.strokeStyle = mark ?? ''
      ctx.lineWidth = 2
      ctx.strokeRect(
        (s.element.index % SIDE) * CELL - 3,
        Math.floor(s.element.index / SIDE) * CELL - 3,
        CELL + 6,
        CELL + 6,
      )
    }
  }, [s])
  const filled = values.filter((v) => v > 0).length
  const estimate = Number(s.count ?? 0)
  const error = s.exact === null || s.exact === 0 ? null : (100 * (estimate - s.exact)) / s.exact
  const histogram: number[] = []
  for (const v of values) histogram[v] = (histogram[v] ?? 0) + 1
  return (
    <div className="hll">
      <canvas
        ref={canvas}
        width={SIDE * CELL}
        height={SIDE * CELL}
        role="img"
        aria-label={`16384 registers, ${filled} of them not zero`}
        onPointerMove={(e) => {
          const box = e.currentTarget.getBoundingClientRect()
          setAt(
            Math.floor(((e.clientY - box.top) / box.height) * SIDE) * SIDE +
              Math.floor(((e.clientX - box.left) / box.width) * SIDE),
          )
        }}
        onPointerLeave={() => setAt(-1)}
      />
      <div>
        <Figures
          list={[
            ['encoding', s.dense ? 'dense' : 'sparse'],
            ['bytes', count(s.bytes)],
            ['PFCOUNT', s.count === null ? 'corrupted' : count(estimate)],
            ['cached', s.cached === null ? 'not valid' : s.cached],
            ['added', s.exact === null ? 'not known' : count(s.exact)],
            ['error', error === null ? '' : `${error >= 0 ? '+' : ''}${error.toFixed(2)} %`],
            ['not zero', `${count(filled)} of 16,384`],
            ...(s.dense ? [] : [['runs', `ZERO ${s.runs.zero}, XZERO ${s.runs.xzero}, VAL ${s.runs.val}`] as const]),
          ]}
        />
        <HllBand estimate={estimate} exact={s.exact} />
        {of && <AddUsers of={of} exact={s.exact} />}
        <p className="cap">
          The standard error is 0.81 %. A register holds the longest run of zeros that it has seen, plus one.
        </p>
        <label className="pager cap">
          hash of
          <input
            className="field mono"
            size={16}
            aria-label="Element whose register is shown"
            placeholder="element"
            onChange={(e) => useChoice.setState({ member: textToBytes(e.target.value) })}
          />
          {s.element && (
            <span>
              {showBytes(s.element.element, 20)}: register <b className="mono ink">{s.element.index}</b>, run{' '}
              <b className="mono ink">{s.element.count}</b>, now {values[s.element.index] ?? 0}:{' '}
              {s.element.count > (values[s.element.index] ?? 0) ? 'PFADD would change it' : 'PFADD changes nothing'}
            </span>
          )}
        </label>
        <p className="cap mono">
          {at >= 0 && at < values.length
            ? `register ${at}: ${values[at]}`
            : histogram
                .map((n, v) => (n ? `${v}: ${count(n)}` : ''))
                .filter((x) => x !== '')
                .join('  ')}
        </p>
      </div>
    </div>
  )
}

/** The estimate beside the truth, and the band of one and two standard errors around the truth. */
const ERROR = 1.04 / Math.sqrt(16384)
function HllBand({ estimate, exact }: { estimate: number; exact: number | null }) {
  if (exact === null || exact === 0) return null
  const [w, mid] = [320, 160]
  const off = (estimate - exact) / exact
  const scale = 120 / (3 * ERROR)
  const x = mid + Math.max(-150, Math.min(150, off * scale))
  return (
    <svg
      width={w}
      height="46"
      role="img"
      aria-label={`Estimate ${estimate}, truth ${exact}: ${(100 * off).toFixed(2)} percent, standard error 0.81 percent`}
    >
      <rect x={mid - 2 * ERROR * scale} y="6" width={4 * ERROR * scale} height="18" fill="var(--bg-sel)" />
      <rect x={mid - ERROR * scale} y="6" width={2 * ERROR * scale} height="18" fill="var(--line-2)" />
      <path d={`M${mid} 2V28M0 28H${w}`} stroke="var(--ink)" />
      <path d={`M${x} 4l6 10-6 10-6-10z`} fill="var(--inv)" stroke="var(--bg-panel)" />
      <text className="m ink2t" x={mid} y="42" fontSize="11" textAnchor="middle">
        {count(exact)}
      </text>
      {[-1, 1].map((k) => (
        <text
          key={k}
          className="m ink3t"
          x={mid + k * ERROR * scale}
          y="42"
          fontSize="11"
          textAnchor={k < 0 ? 'end' : 'start'}
          dx={k * 14}
        >
          {k < 0 ? '−' : '+'}0.81 %
        </text>
      ))}
    </svg>
  )
}
/** N more users, in one PFADD for each hundred. */
function AddUsers({ of, exact }: { of: FacetOf; exact: number | null }) {
  const add = (n: number) => {
    const from = exact ?? 0
    typeInto(
      of.process,
      Array.from({ length: Math.ceil(n / 100) }, (_, i) => {
        const names = Array.from({ length: Math.min(100, n - i * 100) }, (_, k) => `user:${from + i * 100 + k}`)
        return `PFADD ${word(of.name)} ${names.join(' ')}`
      }),
    )
  }
  return (
    <div className="knobs">
      {[10, 100, 1000].map((n) => (
        <button key={n} type="button" className="btn small" onClick={() => add(n)}>
          Add {count(n)} users
        </button>
      ))}
      <button
        type="button"
        className="btn small"
        title={`PFCOUNT ${word(of.name)}`}
        onClick={() => typeInto(of.process, [`PFCOUNT ${word(of.name)}`])}
      >
        PFCOUNT
      </button>
    </div>
  )
}

/** geohashDecode of a 52-bit score: longitude and latitude take turns, longitude first. */
export function decodeGeo(score: number): { lon: number; lat: number } | null {
  if (!Number.isInteger(score) || score < 0 || score >= 2 ** 52) return null
  const bits = BigInt(score)
  let [lonMin, lonMax, latMin, latMax] = [-180, 180, -85.05112878, 85.05112878]
  for (let i = 51; i >= 0; i--) {
    const one = ((bits >> BigInt(i)) & 1n) === 1n
    if (i % 2 === 1) {
      const mid = (lonMin + lonMax) / 2
      if (one) lonMin = mid
      else lonMax = mid
    } else {
      const mid = (latMin + latMax) / 2
      if (one) latMin = mid
      else latMax = mid
    }
  }
  return { lon: (lonMin + lonMax) / 2, lat: (latMin + latMax) / 2 }
}

const BASE32 = '0123456789bcdefghjkmnpqrstuvwxyz'
/** The first letters of the standard geohash of a place. */
function geohash(lon: number, lat: number, letters: number): string {
  let [lonMin, lonMax, latMin, latMax] = [-180, 180, -90, 90]
  let out = ''
  for (let i = 0, n = 0; out.length < letters; i++) {
    n *= 2
    if (i % 2 === 0) {
      const mid = (lonMin + lonMax) / 2
      if (lon >= mid) {
        n++
        lonMin = mid
      } else lonMax = mid
    } else {
      const mid = (latMin + latMax) / 2
      if (lat >= mid) {
        n++
        latMin = mid
      } else latMax = mid
    }
    if (i % 5 === 4) {
      out += BASE32[n] ?? ''
      n = 0
    }
  }
  return out
}

export interface GeoPoint {
  readonly ele: string
  readonly score: number
}
interface Span {
  readonly lonMin: number
  readonly lonMax: number
  readonly latMin: number
  readonly latMax: number
}
/** Where the last GEOSEARCH looked. */
export interface GeoLook {
  readonly center: { readonly lon: number; readonly lat: number }
  readonly step: number
  readonly radius: number
  readonly box: { readonly width: number; readonly height: number } | null
  readonly cells: readonly (Span & {
    readonly looked: number
    readonly found: number
    readonly first: string
    readonly last: string
  })[]
}
/** The shape on a small part of the map: metres as degrees at its centre. */
function outline(look: GeoLook): { rx: number; ry: number } {
  const [w, h] = look.box ? [look.box.width / 2, look.box.height / 2] : [look.radius, look.radius]
  return { rx: w / 111_320 / Math.max(0.02, Math.cos((look.center.lat * Math.PI) / 180)), ry: h / 110_574 }
}

export function GeoView({ points, look }: { points: readonly GeoPoint[]; look: GeoLook | null }) {
  const [near, setNear] = useState(true)
  const [step, setStep] = useState(4)
  const placed = points.flatMap((p) => {
    const at = decodeGeo(p.score)
    return at ? [{ ...p, ...at }] : []
  })
  const [w, h] = [600, 284]
  const zoomed = look !== null && near
  const part: Span = zoomed
    ? around(look.cells)
    : { lonMin: -180, lonMax: 180, latMin: -85.05112878, latMax: 85.05112878 }
  const x = (lon: number) => ((lon - part.lonMin) / (part.lonMax - part.lonMin)) * w
  const y = (lat: number) => ((part.latMax - lat) / (part.latMax - part.latMin)) * h
  const within = (p: { lon: number; lat: number }) =>
    p.lon >= part.lonMin && p.lon <= part.lonMax && p.lat >= part.latMin && p.lat <= part.latMax
  const cells = 2 ** step
  const tell = placed.map(
    (p) =>
      `${showBytes(p.ele, 40)}: longitude ${p.lon.toFixed(6)}, latitude ${p.lat.toFixed(6)}, score ${p.score}, geohash ${geohash(p.lon, p.lat, 10)}0.`,
  )
  const hot = new Map<string, number>()
  for (const p of zoomed ? [] : placed) {
    const key = `${Math.floor((x(p.lon) / w) * cells)}|${Math.floor((y(p.lat) / h) * cells)}`
    hot.set(key, (hot.get(key) ?? 0) + 1)
  }
  return (
    <>
      <div className="sv">
        <Picture label={`${plural(placed.length, 'place')} on the map`} tell={tell}>
          {(marks) => (
            <svg width={w + 2} height={h + 2} aria-hidden="true">
              <rect x="1" y="1" width={w} height={h} fill="var(--bg-canvas)" stroke="var(--line-2)" />
              {[...hot.keys()].map((k) => {
                const [cx = 0, cy = 0] = k.split('|').map(Number)
                return (
                  <rect
                    key={k}
                    x={1 + (cx * w) / cells}
                    y={1 + (cy * h) / cells}
                    width={w / cells}
                    height={h / cells}
                    fill="var(--replica-t)"
                    stroke="var(--replica)"
                  />
                )
              })}
              {look?.cells.map((c, i) => (
                <g key={c.first}>
                  <rect
                    x={1 + x(c.lonMin)}
                    y={1 + y(c.latMax)}
                    width={Math.max(2, x(c.lonMax) - x(c.lonMin))}
                    height={Math.max(2, y(c.latMin) - y(c.latMax))}
                    fill={c.looked > 0 ? 'var(--suspect-t)' : 'none'}
                    stroke="var(--ink)"
                    strokeWidth={i === 0 ? 2 : 1}
                    strokeDasharray={i === 0 ? undefined : '4 3'}
                  />
                  {zoomed && (
                    <text className="m ink2t" x={x(c.lonMin) + 6} y={y(c.latMax) + 15} fontSize="11">
                      {i + 1}: {c.found} of {c.looked}
                    </text>
                  )}
                </g>
              ))}
              {look !== null && zoomed && <Shape look={look} x={x} y={y} />}
              {(zoomed ? [] : [-120, -60, 0, 60, 120]).map((lon) => (
                <path key={lon} d={`M${x(lon)} 1V${h}`} stroke="var(--line)" />
              ))}
              {(zoomed ? [] : [-60, -30, 0, 30, 60]).map((lat) => (
                <path key={lat} d={`M1 ${y(lat)}H${w}`} stroke="var(--line)" />
              ))}
              {placed.map((p, i) =>
                !within(p) ? null : (
                  // biome-ignore lint/a11y/noStaticElementInteractions: the picture around it takes the keyboard
                  <g key={p.ele} onClick={() => marks.pick(i)}>
                    <circle
                      className={marks.on === i ? 'mark-on' : ''}
                      cx={x(p.lon)}
                      cy={y(p.lat)}
                      r={marks.on === i ? 6 : 4}
                      fill="var(--ink)"
                    />
                    <text x={x(p.lon) + 7} y={y(p.lat) + 4 + (i % 2) * 12} fontSize="12">
                      {placed.length <= 24 ? showBytes(p.ele, 14) : ''}
                    </text>
                  </g>
                ),
              )}
            </svg>
          )}
        </Picture>
      </div>
      {look !== null && (
        <p className="cap">
          The last search went through {plural(look.cells.length, 'cell')} of step {look.step}:{' '}
          {plural(
            look.cells.reduce((n, c) => n + c.looked, 0),
            'member',
          )}{' '}
          looked at, {count(look.cells.reduce((n, c) => n + c.found, 0))} inside. Each cell is one range of scores, here{' '}
          <span className="mono">
            {look.cells[0]?.first} to {look.cells[0]?.last}
          </span>{' '}
          for the first.{' '}
          <button type="button" className="btn small" aria-pressed={near} onClick={() => setNear(!near)}>
            {near ? 'Whole map' : 'Near the search'}
          </button>
        </p>
      )}
      {!zoomed && (
        <label className="pager cap">
          Cells of step
          <input
            className="field mono"
            type="number"
            min={1}
            max={8}
            value={step}
            aria-label="Step of the geohash cells"
            onChange={(e) => setStep(Math.max(1, Math.min(8, Number(e.target.value) || 1)))}
          />
          {plural(hot.size, 'cell')} of {cells} × {cells} hold a place. The score is the cell of step 26.
        </label>
      )}
    </>
  )
}

/** What the cells cover, with a margin. */
function around(cells: readonly Span[]): Span {
  const lon = [Math.min(...cells.map((c) => c.lonMin)), Math.max(...cells.map((c) => c.lonMax))] as const
  const lat = [Math.min(...cells.map((c) => c.latMin)), Math.max(...cells.map((c) => c.latMax))] as const
  const [mx, my] = [(lon[1] - lon[0]) * 0.04, (lat[1] - lat[0]) * 0.04]
  return { lonMin: lon[0] - mx, lonMax: lon[1] + mx, latMin: lat[0] - my, latMax: lat[1] + my }
}
function Shape({ look, x, y }: { look: GeoLook; x: (lon: number) => number; y: (lat: number) => number }) {
  const { rx, ry } = outline(look)
  const { lon, lat } = look.center
  const [left, right, top, bottom] = [x(lon - rx), x(lon + rx), y(lat + ry), y(lat - ry)]
  const line = { fill: 'none', stroke: 'var(--ink)', strokeWidth: 2 }
  return (
    <>
      {look.box ? (
        <rect x={left} y={top} width={right - left} height={bottom - top} {...line} />
      ) : (
        <ellipse cx={x(lon)} cy={y(lat)} rx={(right - left) / 2} ry={(bottom - top) / 2} {...line} />
      )}
      <path d={`M${x(lon) - 5} ${y(lat)}h10m-5-5v10`} stroke="var(--ink)" strokeWidth="2" />
    </>
  )
}
