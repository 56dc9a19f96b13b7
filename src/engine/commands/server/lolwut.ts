/** LOLWUT: computer art of the versions 5 and 6, drawn with the process's own random numbers; else the version. */
import { type Bytes, utf8Encode } from '../../bytes/bytes.ts'
import { cos, sin } from '../../bytes/fdlibm.ts'
import type { Prng } from '../../bytes/prng.ts'
import { type Reply, verbatim } from '../../protocol/reply.ts'
import { equalsIgnoreCase, parseLongArg } from '../args.ts'
import type { CommandContext, CommandImpl } from '../command.ts'

const VERSION = '7.0.15'

class Canvas {
  readonly width: number
  readonly height: number
  private readonly pixels: Uint8Array
  constructor(width: number, height: number, background: number) {
    this.width = width
    this.height = height
    this.pixels = new Uint8Array(width * height).fill(background)
  }
  private has(x: number, y: number): boolean {
    return x >= 0 && x < this.width && y >= 0 && y < this.height
  }
  get(x: number, y: number): number {
    return this.has(x, y) ? this.pixels[x + y * this.width]! : 0
  }
  draw(x: number, y: number, color: number): void {
    if (this.has(x, y)) this.pixels[x + y * this.width] = color
  }
  /** Bresenham's. */
  line(x1: number, y1: number, x2: number, y2: number): void {
    const [dx, dy] = [Math.abs(x2 - x1), Math.abs(y2 - y1)]
    const [sx, sy] = [x1 < x2 ? 1 : -1, y1 < y2 ? 1 : -1]
    let [x, y, err] = [x1, y1, dx - dy]
    for (;;) {
      this.draw(x, y, 1)
      if (x === x2 && y === y2) return
      const e2 = err * 2
      if (e2 > -dy) {
        err -= dy
        x += sx
      }
      if (e2 < dx) {
        err += dx
        y += sy
      }
    }
  }
}

/** Each step of C's arithmetic in float is rounded to it. */
const single = Math.fround
/** C's round: halves away from zero. */
const round = (v: number): number => Math.sign(v) * Math.floor(Math.abs(v) + 0.5)

function square(canvas: Canvas, x: number, y: number, side: number, angle: number): void {
  const size = round(single((side * 1e10) / 14142135623))
  let k = single(Math.PI / 4 + angle)
  const corners: [number, number][] = []
  for (let j = 0; j < 4; j++) {
    corners.push([round(sin(k) * size + x), round(cos(k) * size + y)])
    k = single(k + Math.PI / 2)
  }
  for (let j = 0; j < 4; j++) {
    const [a, b] = [corners[j]!, corners[(j + 1) % 4]!]
    canvas.line(a[0], a[1], b[0], b[1])
  }
}
/** "Schotter" by Georg Nees: rows of squares that lose their order from the third row on. */
function schotter(rng: Prng, columns: number, perRow: number, perColumn: number): Canvas {
  const width = columns * 2
  const padding = width > 4 ? 2 : 0
  const side = single((width - padding * 2) / perRow)
  const canvas = new Canvas(width, Math.trunc(single(single(side * perColumn) + padding * 2)), 0)
  for (let y = 0; y < perColumn; y++)
    for (let x = 0; x < perRow; x++) {
      let sx = Math.trunc(single(single(single(x * side) + side / 2) + padding))
      let sy = Math.trunc(single(single(single(y * side) + side / 2) + padding))
      let angle = 0
      if (y > 1) {
        const r = [0, 0, 0].map(() => (rng.float() / perColumn) * y)
        const [r1, r2, r3] = r.map((v) => (rng.below(2) === 1 ? -v : v)) as [number, number, number]
        angle = r1
        sx = Math.trunc(sx + (r2 * side) / 3)
        sy = Math.trunc(sy + (r3 * side) / 3)
      }
      square(canvas, sx, sy, side, angle)
    }
  return canvas
}
/** Eight pixels are the dots of one character of Braille. */
const DOTS = [
  [0, 0],
  [0, 1],
  [0, 2],
  [1, 0],
  [1, 1],
  [1, 2],
  [0, 3],
  [1, 3],
] as const
function braille(canvas: Canvas): Bytes {
  let text = ''
  for (let y = 0; y < canvas.height; y += 4) {
    for (let x = 0; x < canvas.width; x += 2) {
      let code = 0x2800
      DOTS.forEach(([dx, dy], bit) => {
        if (canvas.get(x + dx, y + dy) !== 0) code |= 1 << bit
      })
      text += String.fromCharCode(code)
    }
    if (y !== canvas.height - 1) text += '\n'
  }
  return utf8Encode(text)
}

interface Skyscraper {
  readonly left: number
  readonly width: number
  readonly height: number
  readonly color: number
  readonly windows: boolean
}
function skyscraper(rng: Prng, canvas: Canvas, s: Skyscraper): void {
  const bottom = canvas.height - 1
  const top = bottom - s.height + 1
  const right = s.left + s.width
  for (let y = bottom; y >= top; y--)
    for (let x = s.left; x < right; x++) {
      // The roof is four pixels less wide.
      if (y === top && (x <= s.left + 1 || x >= right - 2)) continue
      let color = s.color
      if (s.windows && x > s.left + 1 && x < right - 2 && y > top + 1 && y < bottom - 1) {
        const [wx, wy] = [x - (s.left + 1), y - (top + 1)]
        if (Math.floor(wx / 2) % 2 === 1 && wy % 2 === 1) {
          color = 1 + rng.below(2)
          // Both halves of a window are lit or dark.
          if (wx % 2 === 1) color = canvas.get(x - 1, y)
        }
      }
      canvas.draw(x, y, color)
    }
}
function skyline(rng: Prng, columns: number, rows: number): Canvas {
  const canvas = new Canvas(columns, rows, 3)
  const half = Math.floor(rows / 2)
  for (const color of [2, 1])
    for (let left = -10; left < columns; ) {
      left += rng.below(8)
      const width = 10 + rng.below(9)
      const height = half + Math.floor(rng.below(rows) / (color === 2 ? 2 : 3))
      skyscraper(rng, canvas, { left, width, height, color, windows: false })
      left += color === 2 ? Math.floor(width / 2) : width + 1
    }
  for (let left = -10; left < columns; ) {
    left += rng.below(8)
    let width = 5 + rng.below(14)
    if (width % 4 !== 0) width += width % 3
    const height = Math.floor(rows / 3) + Math.floor(rng.below(rows) / 2)
    skyscraper(rng, canvas, { left, width, height, color: 0, windows: true })
    left += width + 1
  }
  return canvas
}
const GREYS = ['0;30;40m', '0;90;100m', '0;37;47m', '0;97;107m']
function blocks(canvas: Canvas): Bytes {
  let text = ''
  for (let y = 0; y < canvas.height; y++) {
    for (let x = 0; x < canvas.width; x++) text += `\x1b[${GREYS[canvas.get(x, y)]} \x1b[0m`
    if (y !== canvas.height - 1) text += '\n'
  }
  return text
}

function lolwut(c: CommandContext, argv: readonly Bytes[]): Reply {
  let version = VERSION
  let args = argv.slice(1)
  if (argv.length >= 3 && equalsIgnoreCase(argv[1], 'version')) {
    version = `${parseLongArg(argv[2]) >>> 0}.0.0`
    args = argv.slice(3)
  }
  const number = (i: number, otherwise: number, most: number): number =>
    args[i] === undefined ? otherwise : Math.min(most, Math.max(1, parseLongArg(args[i])))
  if (version.startsWith('5.')) {
    const [columns, perRow, perColumn] = [number(0, 66, 1000), number(1, 8, 200), number(2, 12, 200)]
    const art = braille(schotter(c.rng, columns, perRow, perColumn))
    return verbatim(`${art}\nGeorg Nees - schotter, plotter on paper, 1968. Redis ver. ${VERSION}\n`)
  }
  if (version.startsWith('6.')) {
    const [columns, rows] = [number(0, 80, 1000), number(1, 20, 1000)]
    const art = blocks(skyline(c.rng, columns, rows))
    return verbatim(
      `${art}\nDedicated to the 8 bit game developers of past and present.\nOriginal 8 bit image from Plaguemon by hikikomori. Redis ver. ${VERSION}\n`,
    )
  }
  return verbatim(`Redis ver. ${VERSION}\n`)
}

export const lolwutCommands: readonly CommandImpl[] = [{ name: 'lolwut', handler: lolwut }]
