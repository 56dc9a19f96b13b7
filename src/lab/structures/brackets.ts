/** The keys [ and ] do what a stepper's two buttons do. */
export const onBrackets =
  (move: (by: -1 | 1) => void) =>
  (e: React.KeyboardEvent): void => {
    const by = e.key === '[' ? -1 : e.key === ']' ? 1 : 0
    if (by === 0 || (e.target instanceof Element && e.target.closest('input, select, textarea'))) return
    e.preventDefault()
    e.stopPropagation()
    move(by)
  }
