CREATE TABLE "ablations" (
	"id" bigserial NOT NULL,
	"asset" text NOT NULL,
	"at" timestamp with time zone NOT NULL,
	"model_version" text NOT NULL,
	"arm" text NOT NULL,
	"scorer" text NOT NULL,
	"horizon_minutes" integer NOT NULL,
	"window_from" timestamp with time zone,
	"window_to" timestamp with time zone,
	"n" integer NOT NULL,
	"seed" double precision NOT NULL,
	"variants" jsonb NOT NULL,
	CONSTRAINT "ablations_pk" PRIMARY KEY("id")
);
--> statement-breakpoint
CREATE INDEX "ablations_by_arm" ON "ablations" USING btree ("asset","arm","horizon_minutes","id");