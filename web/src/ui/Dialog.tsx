import { CloseButton } from '@mantine/core';
import { type ReactNode, useEffect, useId, useRef } from 'react';
import classes from './Dialog.module.css';

interface DialogProps {
  opened: boolean;
  title: string;
  onClose: () => void;
  children: ReactNode;
}

/**
 * A dialog over the page: the browser's own, which keeps the focus inside,
 * closes on Escape and gives the focus back.
 */
export function Dialog({ opened, title, onClose, children }: DialogProps) {
  const element = useRef<HTMLDialogElement>(null);
  const heading = useId();
  useEffect(() => {
    if (opened && !element.current?.open) {
      element.current?.showModal();
    } else if (!opened) {
      element.current?.close();
    }
  }, [opened]);
  return (
    <dialog ref={element} className={classes.dialog} aria-labelledby={heading} onClose={onClose}>
      {opened ? (
        <>
          <div className={classes.head}>
            <h2 id={heading}>{title}</h2>
            <CloseButton aria-label="Close" onClick={onClose} />
          </div>
          {children}
        </>
      ) : null}
    </dialog>
  );
}
