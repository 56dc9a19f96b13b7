/**
 * Slots as pixels. A cell of each look (owner, shade, open, disputed) is drawn once as a small sprite; the map is put together
 * from sprites in memory and handed to the canvas in one piece, since sixteen thousand paths would take a frame each.
 */
import type { Mode } from './choice.ts'
import { ownerLook } from './owners.tsx'

export interface Drawing {
  /** Number of each slot's owner, -1 when nobody has it. */
  readonly ownerOf: Int16Array
  readonly disputed: ReadonlySet<number>
  /** What is shaded: keys, bytes or requests of each slot. */
  readonly keys: Uint32Array
  /** Of the fullest slot. */
  readonly most: number
  readonly mode: Mode
  readonly open: ReadonlySet<number>
}

/** 0 none, 1 few, 2 many: three shades of keys. */
export const shadeOf = (keys: number, most: number): 0 | 1 | 2 =>
  keys === 0 ? 0 : keys * 3 <= Math.max(3, most) ? 1 : 2

/** The same by orders of magnitude: heat and bytes differ by thousands. */
export const logShadeOf = (n: number, most: number): 0 | 1 | 2 =>
  n === 0 ? 0 : Math.log(1 + n) * 2 <= Math.log(1 + most) ? 1 : 2

/** Colours of the theme; to read one makes the browser lay out the page, so each is read once. */
let palette: { theme: string; colors: Map<string, string>; sprites: Map<string, Uint32Array> } | null = null
function paletteOf() {
  const root = document.documentElement
  const theme = root.dataset['theme'] ?? ''
  if (palette?.theme !== theme) palette = { theme, colors: new Map(), sprites: new Map() }
  return palette
}
export function colorOf(name: string): string {
  const { colors } = paletteOf()
  let color = colors.get(name)
  if (color === undefined) {
    color = getComputedStyle(document.documentElement).getPropertyValue(name).trim()
    colors.set(name, color)
  }
  return color
}

function draw(ctx: CanvasRenderingContext2D, look: string, cell: number): void {
  const color = colorOf
  const [owner = -1, shade = 0, open = 0, disputed = 0] = look.split(' ').map(Number)
  const w = Math.max(1, cell - Math.max(1, Math.round(cell / 8)))
  const line = (x0: number, y0: number, x1: number, y1: number, name: string, width: number): void => {
    ctx.beginPath()
    ctx.moveTo(x0, y0)
    ctx.lineTo(x1, y1)
    ctx.strokeStyle = color(name)
    ctx.lineWidth = Math.max(0.7, width)
    ctx.stroke()
  }
  if (owner === -1) {
    ctx.fillStyle = color('--line')
    ctx.fillRect(0, 0, w, w)
    line(0, w, w, 0, '--ink', cell / 6)
  } else {
    const { shape, texture, tint, color: hue } = ownerLook(owner)
    ctx.beginPath()
    if (shape === 'bar') ctx.rect(0, Math.round(w * 0.15), w, Math.max(1, Math.round(w * 0.7)))
    else if (shape === 'round' && w >= 3) ctx.roundRect(0, 0, w, w, w / 3)
    else ctx.rect(0, 0, w, w)
    ctx.globalAlpha = shade === 1 && open === 0 ? 0.62 : 1
    ctx.fillStyle = color(open === 1 ? '--migrating' : shade === 0 ? tint : hue)
    ctx.fill()
    ctx.globalAlpha = 1
    if (open === 1 || texture === 'hatch') line(0, w, w, 0, '--bg-panel', cell / 6)
    else if (texture === 'dots') {
      ctx.fillStyle = color('--bg-panel')
      const dot = Math.max(1, Math.round(w / 3))
      ctx.fillRect(Math.floor((w - dot) / 2), Math.floor((w - dot) / 2), dot, dot)
    }
  }
  if (disputed === 1) {
    line(0, 0, w, w, '--ink', cell / 5)
    line(w, 0, 0, w, '--ink', cell / 5)
  }
}

/** Draws slots at their places, in CSS pixels, on a canvas of this size; `cell` is the distance from one to the next. */
export function drawCells(
  ctx: CanvasRenderingContext2D,
  d: Drawing,
  cell: number,
  slots: readonly (readonly [number, number, number])[],
  width: number,
  height: number,
): void {
  const ratio = devicePixelRatio || 1
  const [W, H] = [Math.round(width * ratio), Math.round(height * ratio)]
  ctx.canvas.width = W
  ctx.canvas.height = H
  const size = Math.max(1, Math.round(cell * ratio))
  if (W === 0) return
  const { sprites } = paletteOf()
  let sprite: CanvasRenderingContext2D | null = null
  const image = ctx.createImageData(W, H)
  const pixels = new Uint32Array(image.data.buffer)
  for (const [slot, x, y] of slots) {
    const owner = d.ownerOf[slot] as number
    const n = d.keys[slot] as number
    const shade = d.mode === 'owner' ? 2 : d.mode === 'keys' ? shadeOf(n, d.most) : logShadeOf(n, d.most)
    const look = `${owner} ${shade} ${d.open.has(slot) ? 1 : 0} ${d.disputed.has(slot) ? 1 : 0}`
    const name = `${size} ${look}`
    let from = sprites.get(name)
    if (from === undefined) {
      if (sprite === null) {
        const small = document.createElement('canvas')
        small.width = size
        small.height = size
        sprite = small.getContext('2d', { willReadFrequently: true })
        if (sprite === null) return
      }
      sprite.clearRect(0, 0, size, size)
      draw(sprite, look, size)
      from = new Uint32Array(sprite.getImageData(0, 0, size, size).data.buffer)
      sprites.set(name, from)
    }
    const [px, py] = [Math.round(x * ratio), Math.round(y * ratio)]
    for (let row = 0; row < size && py + row < H; row++) {
      const at = (py + row) * W + px
      const end = Math.min(size, W - px)
      for (let i = 0; i < end; i++) pixels[at + i] = from[row * size + i] as number
    }
  }
  ctx.putImageData(image, 0, 0)
}
