/** Fifteen by six slots around the chosen one, large enough to see cell shapes. */
import { useEffect, useRef } from 'react'
import { useLab } from '../store.ts'
import { useSlotChoice } from './choice.ts'
import { type ClusterPicture, mostOf, SLOTS } from './data.ts'
import { OwnerMark } from './owners.tsx'
import { colorOf, drawCells } from './cells.ts'
import { useOpenSlots } from './SlotMap.tsx'

const [COLUMNS, ROWS, CELL] = [15, 6, 14]

export function Lens(props: { picture: ClusterPicture; keys: Uint32Array; children?: React.ReactNode }) {
  const { picture, keys } = props
  const { slot, mode } = useSlotChoice()
  const { ownerOf, disputed } = picture
  const canvas = useRef<HTMLCanvasElement>(null)
  const theme = useLab((s) => s.theme)
  const open = useOpenSlots(picture)
  const most = mostOf(keys)
  const column = Math.max(0, Math.min(128 - COLUMNS, (slot % 128) - 7))
  const row = Math.max(0, Math.min(128 - ROWS, Math.floor(slot / 128) - 3))
  // biome-ignore lint/correctness/useExhaustiveDependencies: the colours follow the theme
  useEffect(() => {
    const el = canvas.current
    const ctx = el?.getContext('2d')
    if (!el || !ctx) return
    const cells: [number, number, number][] = []
    for (let r = 0; r < ROWS; r++)
      for (let c = 0; c < COLUMNS; c++) {
        const at = (row + r) * 128 + column + c
        if (at < SLOTS) cells.push([at, c * CELL, r * CELL])
      }
    drawCells(ctx, { ownerOf, disputed, keys, most, mode, open }, CELL, cells, COLUMNS * CELL, ROWS * CELL)
    const ratio = devicePixelRatio || 1
    ctx.setTransform(ratio, 0, 0, ratio, 0, 0)
    ctx.strokeStyle = colorOf('--ink')
    ctx.lineWidth = 2
    ctx.strokeRect(((slot % 128) - column) * CELL, (Math.floor(slot / 128) - row) * CELL, CELL - 1, CELL - 1)
  }, [ownerOf, disputed, keys, most, mode, open, slot, column, row, theme])
  const owners = [...picture.ownerIndex].filter(([id]) => picture.view.owners.some((o) => o[2] === id))
  return (
    <div className="lens">
      <div className="h">
        Lens at slot {slot}
        {props.children}
      </div>
      <canvas
        ref={canvas}
        style={{ width: COLUMNS * CELL, height: ROWS * CELL }}
        role="img"
        aria-label={`Slots around ${slot}`}
      />
      <div className="lg">
        {owners.slice(0, 4).map(([id, i]) => (
          <span key={id}>
            <OwnerMark i={i} />
            {picture.nameOf(id)}
          </span>
        ))}
        {open.size > 0 && (
          <span>
            <i className="sw-open" />
            open
          </span>
        )}
      </div>
    </div>
  )
}
