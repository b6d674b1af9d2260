import { Alert, Button, Group, Stack, Text } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useEffect, useId, useRef, useState } from 'react';
import { workspaces } from '../../api/console';
import { type FieldProblem, problemOf } from '../../api/http';
import classes from './Workspace.module.css';

interface EditorProps {
  /** What is stored, or a first draft. */
  yaml: string;
  /** True for a draft that was never saved. */
  draft?: boolean;
  /** Called with the workspace's slug and what is stored from now on. */
  onSaved?: (slug: string, yaml: string) => void;
}

/** The set-up of a workspace as YAML. Secrets are masked; a masked one stays as it is. */
export function Editor({ yaml: stored, draft = false, onSaved }: EditorProps) {
  const client = useQueryClient();
  const label = useId();
  const box = useRef<HTMLTextAreaElement>(null);
  const [yaml, setYAML] = useState(stored);
  const changed = draft || yaml !== stored;
  const check = useMutation({ mutationFn: () => workspaces.save(slugOf(yaml), yaml, true) });
  const save = useMutation({
    mutationFn: () => workspaces.save(slugOf(yaml), yaml, false),
    onSuccess: async saved => {
      client.setQueryData(['workspace', saved.slug], saved);
      setYAML(saved.yaml);
      onSaved?.(saved.slug, saved.yaml);
      await client.invalidateQueries({ queryKey: ['workspaces'] });
    },
  });
  const last = save.isIdle ? check : save;
  useWarning(yaml !== stored);

  const write = (text: string) => {
    setYAML(text);
    check.reset();
    save.reset();
  };
  return (
    <Stack gap="sm">
      <label htmlFor={label}>
        Set-up
        <Text size="sm" c="dimmed" component="span" display="block">
          Secrets are shown as stars. Leave the stars to keep a secret; write over them to replace it.
        </Text>
      </label>
      <textarea
        id={label}
        ref={box}
        className={classes.yaml}
        spellCheck={false}
        autoCapitalize="off"
        wrap="off"
        rows={24}
        value={yaml}
        onChange={e => write(e.target.value)}
      />
      <Group gap="sm">
        <Button
          variant="default"
          loading={check.isPending}
          onClick={() => {
            save.reset();
            check.mutate();
          }}
        >
          Check
        </Button>
        <Button loading={save.isPending} disabled={!changed} onClick={() => save.mutate()}>
          Save
        </Button>
        {yaml !== stored ? (
          <>
            <Button variant="subtle" onClick={() => write(stored)}>
              Undo changes
            </Button>
            <Text size="sm" c="dimmed">
              Not saved yet
            </Text>
          </>
        ) : null}
      </Group>
      {last.isSuccess ? (
        <Alert color="teal" role="status" title={last === save ? 'Saved' : 'No mistakes'}>
          {last === save ? 'The set-up is in use from now on.' : 'The set-up can be saved.'}
        </Alert>
      ) : null}
      {last.error ? <Mistakes error={last.error} onLine={line => select(box.current, line)} /> : null}
    </Stack>
  );
}

/** The slug is in the document; the server says so when it is missing. */
const slugOf = (yaml: string) => /^workspace:\s*["']?([^\s"'#]+)/m.exec(yaml)?.[1] ?? 'unnamed';

function Mistakes({ error, onLine }: { error: unknown; onLine: (line: number) => void }) {
  const problem = problemOf(error);
  return (
    <Alert color="red" role="alert" title={problem.errors.length > 0 ? counted(problem.errors.length) : problem.title}>
      {problem.errors.length === 0 ? problem.detail : null}
      <ul className={classes.mistakes}>
        {problem.errors.map(mistake => (
          <Mistake key={`${mistake.location} ${mistake.message}`} mistake={mistake} onLine={onLine} />
        ))}
      </ul>
    </Alert>
  );
}

const counted = (n: number) => (n === 1 ? 'One mistake' : `${n} mistakes`);

/** A mistake; its text begins with its line where the server knows it. */
function Mistake({ mistake, onLine }: { mistake: FieldProblem; onLine: (line: number) => void }) {
  const line = Number(/^line (\d+):/.exec(mistake.message)?.[1] ?? 0);
  const text = mistake.message.replace(/^line \d+:\s*/, '');
  return (
    <li>
      {line ? (
        <button type="button" onClick={() => onLine(line)}>
          Line {line}
        </button>
      ) : null}{' '}
      <code>{mistake.location}</code> {text}
    </li>
  );
}

function select(box: HTMLTextAreaElement | null, line: number) {
  if (!box) {
    return;
  }
  const lines = box.value.split('\n');
  const start = lines.slice(0, line - 1).join('\n').length + (line > 1 ? 1 : 0);
  box.focus();
  box.setSelectionRange(start, start + (lines[line - 1]?.length ?? 0));
  box.scrollTop = (box.scrollHeight / lines.length) * Math.max(0, line - 6);
}

/** Asks before the browser leaves the page with changes that are not saved. */
function useWarning(changed: boolean) {
  useEffect(() => {
    if (!changed) {
      return;
    }
    const warn = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener('beforeunload', warn);
    return () => window.removeEventListener('beforeunload', warn);
  }, [changed]);
}
