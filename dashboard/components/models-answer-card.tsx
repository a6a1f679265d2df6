import type { ReactNode } from 'react';
import type { Health, ModelsStatus } from '../../src/serving/contract.ts';
import type { Feed } from '../lib/feed.ts';
import { OldAnswer } from './old-answer.tsx';
import { Card } from './ui/card.tsx';
import { Skeleton } from './ui/skeleton.tsx';
import { Waiting } from './waiting.tsx';

/** What a card about models is shown from. */
export interface ModelsFeed {
  models: Feed<ModelsStatus>;
  health: Health | null;
}

interface ModelsAnswerCardProps extends ModelsFeed {
  id: string;
  title: string;
  note: string;
  /** Stands before what says that the answer is old. */
  legend?: ReactNode;
  children: (status: ModelsStatus) => ReactNode;
}

/** A card that shows the newest answer about models, says when it is old, and why there is none yet. */
export function ModelsAnswerCard(props: ModelsAnswerCardProps) {
  const { models, health, id, title, note, legend, children } = props;
  const oldAnswer = <OldAnswer feed={models} />;
  const actions =
    legend === undefined ? (
      oldAnswer
    ) : (
      <div className="flex flex-wrap items-center gap-3">
        {legend}
        {oldAnswer}
      </div>
    );
  return (
    <Card id={id} title={title} note={note} actions={actions}>
      {models.data === null ? (
        <div className="flex min-h-56">
          <Waiting
            failure={models.failure}
            health={health}
            skeleton={<Skeleton className="h-auto w-full" />}
          />
        </div>
      ) : (
        children(models.data)
      )}
    </Card>
  );
}
