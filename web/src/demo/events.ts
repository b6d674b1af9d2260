import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { demo } from './api';

/** How long to wait before a lost stream is opened again, in milliseconds. */
const pause = 3_000;

/**
 * Follows the simulator's events and refreshes what they name. Returns whether
 * the stream is open. What was missed while it was closed is fetched when it
 * opens again.
 */
export function useEvents(): boolean {
  const client = useQueryClient();
  const [open, setOpen] = useState(true);

  useEffect(() => {
    let source: EventSource;
    let timer = 0;
    const connect = () => {
      source = new EventSource(demo.events);
      source.onopen = () => {
        setOpen(true);
        void client.invalidateQueries();
      };
      source.onerror = () => {
        setOpen(false);
        if (source.readyState === EventSource.CLOSED) {
          timer = window.setTimeout(connect, pause);
        }
      };
      source.addEventListener('conversation', event => {
        const id = idOf(event.data);
        void client.invalidateQueries({ queryKey: ['state'] });
        void client.invalidateQueries({ queryKey: id ? ['conversation', id] : ['conversation'] });
      });
      source.addEventListener('delivery', () => {
        void client.invalidateQueries({ queryKey: ['deliveries'] });
      });
    };
    connect();
    return () => {
      window.clearTimeout(timer);
      source.close();
    };
  }, [client]);

  return open;
}

function idOf(data: string): string | undefined {
  try {
    return (JSON.parse(data) as { id?: string }).id;
  } catch {
    return undefined;
  }
}
