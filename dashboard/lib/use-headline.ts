'use client';

import { useCallback, useEffect, useRef, useState } from 'react';
import { ask } from './api.ts';
import type { Failure } from './feed.ts';
import { askHeadline, type HeadlineEffect, type HeadlineQuestion } from './headline.ts';

/** Where a question to the models stands. The effect before stays while the next one is asked for. */
export interface HeadlineState {
  isAsking: boolean;
  effect: HeadlineEffect | null;
  failure: Failure | null;
}

const IDLE: HeadlineState = { isAsking: false, effect: null, failure: null };

/** Asks what a headline would do; a newer question overtakes one that is still being answered. */
export function useHeadline(): { state: HeadlineState; submit(question: HeadlineQuestion): void } {
  const [state, setState] = useState<HeadlineState>(IDLE);
  const running = useRef<AbortController | null>(null);
  useEffect(() => () => running.current?.abort(), []);

  const submit = useCallback((question: HeadlineQuestion): void => {
    running.current?.abort();
    const abort = new AbortController();
    running.current = abort;
    setState(({ effect }) => ({ isAsking: true, effect, failure: null }));
    askHeadline(question, {
      compare: (body) => ask('/predict/compare', abort.signal, body),
      explain: (body) => ask('/explain', abort.signal, body),
    }).then(
      (answer) => {
        if (abort.signal.aborted) return;
        setState(
          answer.ok
            ? { isAsking: false, effect: answer.effect, failure: null }
            : { isAsking: false, effect: null, failure: answer.failure },
        );
      },
      (error: unknown) => {
        if (!abort.signal.aborted) throw error;
      },
    );
  }, []);

  return { state, submit };
}
