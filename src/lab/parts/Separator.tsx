/**
 * The line between two panels. Dragging it (mouse, pen or finger) resizes them, and so do the arrow keys; Home and End
 * go to the limits, Enter or a double click back to the design's own size.
 */
import { useRef } from 'react'

export interface SeparatorProps {
  readonly label: string
  /** The panel whose size it sets. */
  readonly controls: string
  /** Which way the line runs: a horizontal line moves up and down. */
  readonly line: 'horizontal' | 'vertical'
  readonly value: number
  readonly min: number
  readonly max: number
  readonly text: string
  /** 1: the panel before the line grows with the pointer; -1: the panel after it does. */
  readonly sense: 1 | -1
  /** What a pixel of movement is worth. */
  readonly perPixel?: number
  readonly onChange: (value: number) => void
  readonly onReset: () => void
}

const STEP = 8

export function Separator(props: SeparatorProps) {
  const { line, value, min, max, sense, perPixel = 1, onChange, onReset } = props
  const drag = useRef<{ at: number; value: number } | null>(null)
  const place = (e: React.PointerEvent) => (line === 'horizontal' ? e.clientY : e.clientX)
  const set = (next: number) => onChange(Math.round(Math.min(Math.max(min, max), Math.max(min, next))))
  const onKey = (e: React.KeyboardEvent) => {
    const unit = STEP * Math.max(perPixel, 0.25) * (e.shiftKey ? 5 : 1) * sense
    const [less, more] = line === 'horizontal' ? ['ArrowUp', 'ArrowDown'] : ['ArrowLeft', 'ArrowRight']
    if (e.key === less) set(value - unit)
    else if (e.key === more) set(value + unit)
    else if (e.key === 'Home') set(min)
    else if (e.key === 'End') set(max)
    else if (e.key === 'Enter') onReset()
    else return
    e.preventDefault()
    e.stopPropagation()
  }
  return (
    <div
      className={`separator ${line}`}
      role="separator"
      tabIndex={0}
      aria-label={props.label}
      aria-controls={props.controls}
      aria-orientation={line}
      aria-valuemin={Math.round(min)}
      aria-valuemax={Math.round(Math.max(min, max))}
      aria-valuenow={Math.round(value)}
      aria-valuetext={props.text}
      title="Drag to resize; arrow keys move it, a double click resets it"
      onKeyDown={onKey}
      onDoubleClick={onReset}
      onPointerDown={(e) => {
        if (e.button !== 0) return
        e.preventDefault()
        e.currentTarget.setPointerCapture(e.pointerId)
        e.currentTarget.focus({ preventScroll: true })
        drag.current = { at: place(e), value }
      }}
      onPointerMove={(e) => {
        if (drag.current) set(drag.current.value + (place(e) - drag.current.at) * sense * perPixel)
      }}
      onPointerUp={() => {
        drag.current = null
      }}
      onPointerCancel={() => {
        drag.current = null
      }}
    />
  )
}
