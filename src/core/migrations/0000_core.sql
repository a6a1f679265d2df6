CREATE TABLE "events" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"at" timestamp with time zone NOT NULL,
	"kind" text NOT NULL,
	"severity" text NOT NULL,
	"asset" text,
	"facts" jsonb NOT NULL,
	"dedup_key" text,
	CONSTRAINT "events_dedup_key" UNIQUE("dedup_key")
);
--> statement-breakpoint
CREATE TABLE "facts" (
	"key" text PRIMARY KEY NOT NULL,
	"value" jsonb NOT NULL
);
--> statement-breakpoint
CREATE TABLE "window_ledger" (
	"job" text NOT NULL,
	"asset" text NOT NULL,
	"window_end" timestamp with time zone NOT NULL,
	"fence" bigint NOT NULL,
	"state" text NOT NULL,
	"committed_at" timestamp with time zone NOT NULL,
	CONSTRAINT "window_ledger_job_asset_window_end_pk" PRIMARY KEY("job","asset","window_end")
);
--> statement-breakpoint
CREATE TABLE "window_runners" (
	"job" text NOT NULL,
	"asset" text NOT NULL,
	"fence" bigint NOT NULL,
	CONSTRAINT "window_runners_job_asset_pk" PRIMARY KEY("job","asset")
);
--> statement-breakpoint
CREATE INDEX "events_at" ON "events" USING btree ("at");