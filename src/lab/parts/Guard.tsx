/** A panel that fails to draw says so and offers a way on; the panels beside it and the world are untouched. */
import { Component, type ReactNode } from 'react'
import { copyText } from '../actions.ts'
import { safeText } from '../format.ts'

export class Guard extends Component<{ name: string; children: ReactNode }, { error: Error | null }> {
  override state: { error: Error | null } = { error: null }

  static getDerivedStateFromError(error: unknown): { error: Error } {
    return { error: error instanceof Error ? error : new Error(String(error)) }
  }

  override render(): ReactNode {
    const { error } = this.state
    if (!error) return this.props.children
    return (
      <div className="say small guard" role="alert">
        <span>
          {this.props.name} could not be drawn: <code>{safeText(error.message, 200)}</code>. The world goes on.
        </span>
        <span className="row">
          <button type="button" className="btn" onClick={() => this.setState({ error: null })}>
            Draw it again
          </button>
          <button type="button" className="btn q" onClick={() => void copyText(error.stack ?? error.message, 'Report')}>
            Copy the report
          </button>
        </span>
      </div>
    )
  }
}
