/** One xterm on one redis-cli. Bytes pass both ways; editing, history and hints are the program's own work. */
import { FitAddon } from '@xterm/addon-fit'
import { type ITheme, Terminal } from '@xterm/xterm'
import '@xterm/xterm/css/xterm.css'
import { useEffect, useRef, useState } from 'react'
import { closeTab, openTerminal, setScreenReader } from '../actions.ts'
import { bytesToArray, textToBytes } from '../bytes.ts'
import { lab, type TerminalTab, useLab } from '../store.ts'
import { EscapeFilter } from './escape-filter.ts'
import { terminalFor, type } from './sessions.ts'

function themeNow(): ITheme {
  const css = getComputedStyle(document.documentElement)
  const v = (name: string) => css.getPropertyValue(name).trim()
  return {
    background: v('--bg-panel'),
    foreground: v('--ink'),
    cursor: v('--ink'),
    cursorAccent: v('--bg-panel'),
    selectionBackground: v('--bg-sel'),
    black: v('--ink'),
    red: v('--down'),
    green: v('--ok'),
    yellow: v('--suspect-ink'),
    blue: v('--master'),
    magenta: v('--sentinel'),
    cyan: v('--replica'),
    white: v('--ink-2'),
    brightBlack: v('--ink-3'),
    brightRed: v('--down'),
    brightGreen: v('--ok'),
    brightYellow: v('--suspect-ink'),
    brightBlue: v('--master'),
    brightMagenta: v('--sentinel'),
    brightCyan: v('--replica'),
    brightWhite: v('--ink'),
  }
}

export function XtermPane({ tab, shown }: { tab: TerminalTab; shown: boolean }) {
  const holder = useRef<HTMLDivElement>(null)
  const xterm = useRef<Terminal | null>(null)
  const theme = useLab((s) => s.theme)
  const screenReader = useLab((s) => s.screenReader)
  const [exit, setExit] = useState<number | null>(null)
  useEffect(() => {
    const el = holder.current
    const kept = terminalFor(tab)
    if (!el || !kept) return
    return mount(el, kept.terminal, kept.output, xterm, setExit)
  }, [tab])
  useEffect(() => {
    if (xterm.current) xterm.current.options.screenReaderMode = screenReader
  }, [screenReader])
  // biome-ignore lint/correctness/useExhaustiveDependencies: the colours follow the theme
  useEffect(() => {
    // Read after the attribute that the colours depend on is set.
    requestAnimationFrame(() => {
      if (xterm.current) xterm.current.options.theme = themeNow()
    })
  }, [theme])
  useEffect(() => {
    if (!shown) return
    // What was hidden has lost its place: it shows its end again, once it is laid out.
    let frame = requestAnimationFrame(() => {
      frame = requestAnimationFrame(() => xterm.current?.scrollToBottom())
    })
    return () => cancelAnimationFrame(frame)
  }, [shown])
  return (
    <div
      className="term-pane"
      hidden={!shown}
      role="tabpanel"
      aria-label={`redis-cli on ${tab.process}`}
      data-testid={`terminal-${tab.process}`}
    >
      {!screenReader && (
        <button
          type="button"
          className="btn small skip"
          onClick={() => {
            setScreenReader(true)
            xterm.current?.focus()
          }}
        >
          Screen-reader mode
        </button>
      )}
      <div className="xt" ref={holder} />
      {exit !== null && (
        <div className="exited">
          redis-cli exited with code {exit}.
          <button
            type="button"
            className="btn small"
            onClick={() => {
              closeTab(tab.id)
              openTerminal(tab.process, true, tab.options)
            }}
          >
            Start it again
          </button>
        </div>
      )}
    </div>
  )
}

function mount(
  el: HTMLElement,
  world: NonNullable<ReturnType<typeof terminalFor>>['terminal'],
  before: readonly string[],
  ref: React.RefObject<Terminal | null>,
  setExit: (code: number) => void,
): () => void {
  const term = new Terminal({
    fontFamily: '"Rehash Mono", "Noto Sans Mono CJK SC", ui-monospace, Menlo, Consolas, monospace',
    fontSize: 12,
    lineHeight: 1.2,
    letterSpacing: 0,
    cursorBlink: false,
    cursorStyle: 'block',
    cursorInactiveStyle: 'outline',
    scrollback: 2000,
    minimumContrastRatio: 4.5,
    screenReaderMode: lab.get().screenReader,
    allowProposedApi: false,
    theme: themeNow(),
  })
  const fit = new FitAddon()
  term.loadAddon(fit)
  ref.current = term
  const filter = new EscapeFilter()
  const show = (bytes: string) => term.write(bytesToArray(filter.push(bytes)))
  for (const chunk of before) show(chunk)
  const offs = [world.onOutput(show), world.onExit(setExit)]
  const send = (text: string) => type(world, textToBytes(text))
  // Keys whose echo has not come yet: a quick Tab behind them completes them.
  let ahead = false
  term.onData((text) => {
    ahead = /^[^\x00-\x1f\x7f]+$/.test(text)
    send(text)
  })
  term.onBinary((binary) => type(world, binary))
  term.attachCustomKeyEventHandler((e) => ownKey(e, term, ahead))
  // Out of sight xterm does not measure: a size given to it there leaves its scroll position behind what is written
  // (xtermjs/xterm.js#6117). So it is given once it is seen.
  let seen = true
  const size = () => {
    if (!seen || el.clientWidth < 20 || el.clientHeight < 20) return
    fit.fit()
    world.resize(term.cols, term.rows)
  }
  const observer = new ResizeObserver(size)
  const sight = new IntersectionObserver((entries) => {
    seen = entries.at(-1)?.isIntersecting ?? true
    size()
  })
  // Opened once the face is there: the cell is measured only then.
  let gone = false
  void document.fonts.load('12px "Rehash Mono"').finally(() => {
    if (gone) return
    term.open(el)
    term.textarea?.setAttribute('aria-label', 'redis-cli input. Escape leaves the terminal')
    size()
    observer.observe(el)
    // What xterm itself watches, and after it.
    const screen = el.querySelector('.xterm-screen')
    if (screen) sight.observe(screen)
  })
  return () => {
    gone = true
    observer.disconnect()
    sight.disconnect()
    for (const off of offs) off()
    term.dispose()
    ref.current = null
  }
}

/** Keys that are the page's: Escape and Ctrl-` leave, Shift-Tab and a Tab with nothing to complete move the focus. */
function ownKey(e: KeyboardEvent, term: Terminal, ahead: boolean): boolean {
  const leave = e.key === 'Escape' || (e.ctrlKey && e.key === '`')
  if (leave) {
    if (e.type === 'keydown') {
      e.preventDefault()
      e.stopPropagation()
      term.blur()
      document.querySelector<HTMLElement>('.proc.sel')?.focus()
    }
    return false
  }
  if (e.key === 'Tab') return !e.shiftKey && (ahead || hasTyped(term))
  return true
}

function hasTyped(term: Terminal): boolean {
  const buffer = term.buffer.active
  const line = buffer.getLine(buffer.baseY + buffer.cursorY)?.translateToString(false, 0, buffer.cursorX) ?? ''
  const prompt = line.lastIndexOf('> ')
  return line.slice(prompt < 0 ? 0 : prompt + 2).trim() !== ''
}
