CREATE TABLE "outcomes" (
	"asset" text NOT NULL,
	"window_end" timestamp with time zone NOT NULL,
	"horizon_minutes" integer NOT NULL,
	"entry_delay_minutes" integer NOT NULL,
	"outcome" text NOT NULL,
	"future_return" double precision,
	"known_at" timestamp with time zone NOT NULL,
	CONSTRAINT "outcomes_pk" PRIMARY KEY("asset","window_end","horizon_minutes","entry_delay_minutes")
);
--> statement-breakpoint
CREATE TABLE "predictions" (
	"asset" text NOT NULL,
	"window_end" timestamp with time zone NOT NULL,
	"horizon_minutes" integer NOT NULL,
	"arm" text NOT NULL,
	"model_version" text NOT NULL,
	"probability_up" double precision NOT NULL,
	"direction" text NOT NULL,
	"sentiment" double precision,
	"predicted_at" timestamp with time zone NOT NULL,
	"matures_at" timestamp with time zone NOT NULL,
	"degraded" boolean NOT NULL,
	CONSTRAINT "predictions_pk" PRIMARY KEY("asset","window_end","horizon_minutes","arm")
);
--> statement-breakpoint
CREATE INDEX "predictions_by_arm" ON "predictions" USING btree ("asset","arm","horizon_minutes","window_end");