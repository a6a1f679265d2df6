CREATE TABLE "articles" (
	"id" text PRIMARY KEY NOT NULL,
	"source" text NOT NULL,
	"asset" text NOT NULL,
	"event_time" timestamp with time zone NOT NULL,
	"known_at" timestamp with time zone NOT NULL,
	"ingested_at" timestamp with time zone NOT NULL,
	"backfilled" boolean NOT NULL,
	"publisher" text,
	"title" text NOT NULL,
	"summary" text,
	"url" text
);
--> statement-breakpoint
CREATE TABLE "candles" (
	"id" text PRIMARY KEY NOT NULL,
	"source" text NOT NULL,
	"asset" text NOT NULL,
	"event_time" timestamp with time zone NOT NULL,
	"known_at" timestamp with time zone NOT NULL,
	"ingested_at" timestamp with time zone NOT NULL,
	"backfilled" boolean NOT NULL,
	"bar_minutes" integer NOT NULL,
	"open" numeric NOT NULL,
	"high" numeric NOT NULL,
	"low" numeric NOT NULL,
	"close" numeric NOT NULL,
	"volume" numeric NOT NULL
);
--> statement-breakpoint
CREATE TABLE "indices" (
	"id" text PRIMARY KEY NOT NULL,
	"source" text NOT NULL,
	"asset" text NOT NULL,
	"event_time" timestamp with time zone NOT NULL,
	"known_at" timestamp with time zone NOT NULL,
	"ingested_at" timestamp with time zone NOT NULL,
	"backfilled" boolean NOT NULL,
	"name" text NOT NULL,
	"value" numeric NOT NULL
);
--> statement-breakpoint
CREATE TABLE "posts" (
	"id" text PRIMARY KEY NOT NULL,
	"source" text NOT NULL,
	"asset" text NOT NULL,
	"event_time" timestamp with time zone NOT NULL,
	"known_at" timestamp with time zone NOT NULL,
	"ingested_at" timestamp with time zone NOT NULL,
	"backfilled" boolean NOT NULL,
	"platform" text,
	"text" text NOT NULL
);
--> statement-breakpoint
CREATE TABLE "quarantine" (
	"id" text PRIMARY KEY NOT NULL,
	"source" text NOT NULL,
	"kind" text NOT NULL,
	"asset" text NOT NULL,
	"reason" text NOT NULL,
	"message" text NOT NULL,
	"origin_file" text,
	"origin_line" integer,
	"record" jsonb NOT NULL,
	"at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "scores" (
	"text_id" text NOT NULL,
	"scorer" text NOT NULL,
	"sentiment" double precision NOT NULL,
	"confidence" double precision NOT NULL,
	"negative" double precision NOT NULL,
	"neutral" double precision NOT NULL,
	"positive" double precision NOT NULL,
	"scored_at" timestamp with time zone NOT NULL,
	CONSTRAINT "scores_text_id_scorer_pk" PRIMARY KEY("text_id","scorer")
);
--> statement-breakpoint
CREATE INDEX "articles_known" ON "articles" USING btree ("asset","known_at");--> statement-breakpoint
CREATE INDEX "candles_known" ON "candles" USING btree ("asset","bar_minutes","known_at");--> statement-breakpoint
CREATE INDEX "candles_bar" ON "candles" USING btree ("event_time","source");--> statement-breakpoint
CREATE INDEX "indices_known" ON "indices" USING btree ("asset","known_at");--> statement-breakpoint
CREATE INDEX "indices_day" ON "indices" USING btree ("event_time","source","name");--> statement-breakpoint
CREATE INDEX "posts_known" ON "posts" USING btree ("asset","known_at");--> statement-breakpoint
CREATE INDEX "quarantine_reason" ON "quarantine" USING btree ("reason","at");