import { type RefObject, useLayoutEffect, useState } from 'react'

/** The element's inner size, on the 4 px grid in width so that a resize does not relayout for every pixel. */
export function useSize(ref: RefObject<HTMLElement | SVGElement | null>): { width: number; height: number } {
  const [size, setSize] = useState({ width: 0, height: 0 })
  useLayoutEffect(() => {
    const el = ref.current
    if (!el) return
    const read = () => {
      const width = Math.floor(el.clientWidth)
      const height = Math.floor(el.clientHeight)
      setSize((old) => (old.width === width && old.height === height ? old : { width, height }))
    }
    const observer = new ResizeObserver(read)
    observer.observe(el)
    read()
    return () => observer.disconnect()
  }, [ref])
  return size
}
