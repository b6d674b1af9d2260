import { Alert, Button, Group, Skeleton, Text } from '@mantine/core';
import { useCallback, useEffect, useRef, useState } from 'react';
import { problemOf } from '../api/http';
import { Card, Violations } from '../card/Card';
import type { Canvas, Submission } from '../card/canvas';
import { violations } from '../card/rules';
import { type CanvasAnswer, demo } from './api';
import classes from './Simulator.module.css';

/** The right column: the app's card for this conversation, asked for as Intercom asks. */
export function CardPanel({ conversation, admin }: { conversation: string; admin: string }) {
  const { answer, busy, ask } = useCanvas(conversation, admin);
  const canvas = answer?.canvas ?? undefined;
  const failure = answer ? failureOf(answer) : undefined;
  const found = canvas ? violations(canvas) : [];
  return (
    <>
      <Group justify="space-between" mb="xs">
        <Text component="h2" fw={600} size="md" m={0}>
          Deskbridge
        </Text>
        <Button size="compact-xs" variant="default" disabled={busy} onClick={() => ask()}>
          Reload card
        </Button>
      </Group>
      {answer ? null : (
        <div role="status" aria-label="The card is loading">
          <Skeleton height={18} width="60%" mb="sm" />
          <Skeleton height={14} mb="xs" />
          <Skeleton height={36} mb="xs" />
          <Skeleton height={36} />
        </div>
      )}
      {failure ? (
        <Alert color="red" role="alert" title="Intercom would show its own failure here" mb="sm">
          {failure}
        </Alert>
      ) : null}
      {canvas && !failure ? (
        <Card canvas={canvas} busy={busy} onSubmit={submission => ask(submission, canvas)} />
      ) : null}
      {found.length > 0 && !failure ? <Violations found={found} /> : null}
      {answer ? (
        <p className={classes.timing} role="status">
          {busy ? 'Waiting for the answer' : `Status ${answer.status} in ${answer.ms} ms`}
        </p>
      ) : null}
    </>
  );
}

/** What Intercom cannot show, in words; nothing when the card can be drawn. */
function failureOf(answer: CanvasAnswer): string | undefined {
  if (answer.error) {
    return `${answer.error} (status ${answer.status}, ${answer.ms} ms)`;
  }
  if (answer.status !== 200) {
    return `The app answered ${answer.status} after ${answer.ms} ms; Intercom draws a card only from 200.`;
  }
  return answer.canvas?.content ? undefined : 'The answer has no canvas with content.';
}

function useCanvas(conversation: string, admin: string) {
  const [answer, setAnswer] = useState<CanvasAnswer>();
  const [busy, setBusy] = useState(true);
  const running = useRef<AbortController>(undefined);

  const ask = useCallback(
    async (submission?: Submission, current?: Canvas) => {
      running.current?.abort();
      const controller = new AbortController();
      running.current = controller;
      setBusy(true);
      let next: CanvasAnswer;
      try {
        const body = { conversation_id: conversation, admin_id: admin, ...submission, current_canvas: current };
        next = await demo.canvas(body, controller.signal);
      } catch (error) {
        const problem = problemOf(error);
        next = {
          status: problem.status,
          ms: 0,
          canvas: null,
          error: [problem.title, problem.detail].filter(Boolean).join('. '),
        };
      }
      if (!controller.signal.aborted) {
        setAnswer(next);
        setBusy(false);
      }
    },
    [conversation, admin],
  );

  useEffect(() => {
    void ask();
    return () => running.current?.abort();
  }, [ask]);

  return { answer, busy, ask };
}
