/** The venue's end of one WebSocket, whatever carries it. */
export interface SimConnection {
  send(text: string): void;
  ping(): void;
  close(code: number, reason: string): void;
}

/** What the carrier reports of the other end. */
export interface SimSession {
  onText(text: string): void;
  /** A pong, or any other sign of life below the messages. */
  onPong(): void;
  /** Once, whoever closed. */
  onClose(): void;
}

/** Who listens to which topic; a frame is made once and sent to all of them. */
export function createStreamHub() {
  const topics = new Map<string, Set<SimConnection>>();
  return {
    add(topic: string, connection: SimConnection): void {
      let listeners = topics.get(topic);
      if (listeners === undefined) {
        listeners = new Set();
        topics.set(topic, listeners);
      }
      listeners.add(connection);
    },
    remove(topic: string, connection: SimConnection): void {
      const listeners = topics.get(topic);
      listeners?.delete(connection);
      if (listeners?.size === 0) topics.delete(topic);
    },
    removeAll(connection: SimConnection): void {
      for (const topic of [...topics.keys()]) this.remove(topic, connection);
    },
    /** Moves everybody from one topic to another. */
    promote(from: string, to: string): void {
      const listeners = topics.get(from);
      if (listeners === undefined) return;
      topics.delete(from);
      for (const connection of listeners) this.add(to, connection);
    },
    has: (topic: string): boolean => topics.has(topic),
    /** `make` runs only when somebody listens. */
    publish(topic: string, make: () => string): void {
      const listeners = topics.get(topic);
      if (listeners === undefined) return;
      const text = make();
      for (const connection of listeners) connection.send(text);
    },
  };
}

export type StreamHub = ReturnType<typeof createStreamHub>;
