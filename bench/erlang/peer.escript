#!/usr/bin/env escript
%% Erlang's own supervisor as a peer of the benchmark. Reads one order per line and answers with one line:
%%   kill N       a child is killed N times under one_for_one; ns from each until the next incarnation has answered
%%   crash N      the same for a child that dies of an error of its own
%%   children N   N children are started under simple_one_for_one; ns for all of them, and how many the supervisor counts
%% It ends with its standard input.
-mode(compile).
-behaviour(supervisor).
-export([main/1, init/1, start_child/2, child/2]).

main([]) ->
    process_flag(trap_exit, true),
    %% Reports are made, as ours are, and printed by neither.
    ok = logger:remove_handler(default),
    ets:new(incarnations, [named_table, public]),
    io:format("ready ~s~n", [erlang:system_info(otp_release)]),
    serve().

serve() ->
    case io:get_line("") of
        eof -> ok;
        Line ->
            case string:lexemes(Line, " \n") of
                ["kill", Count] -> deaths(kill, list_to_integer(Count));
                ["crash", Count] -> deaths(crash, list_to_integer(Count));
                ["children", Count] -> children(list_to_integer(Count))
            end,
            serve()
    end.

deaths(How, Count) ->
    Tooks = in_lives(How, Count, []),
    io:format("~s~s~n", [How, [[$\s | integer_to_list(Took)] || Took <- Tooks]]).

%% A supervisor counts its restarts in a list: after ten deaths a fresh one goes on, so that the list stays as short as
%% in a system that works.
in_lives(_, 0, Tooks) -> Tooks;
in_lives(How, Count, Tooks) ->
    Deaths = min(10, Count),
    {ok, Sup} = supervisor:start_link(?MODULE, {one_for_one, 10, [answerer]}),
    Took = die_each(How, Deaths, gen_server:call(answerer, who), []),
    stop(Sup),
    in_lives(How, Count - Deaths, Took ++ Tooks).

die_each(_, 0, _, Tooks) -> Tooks;
die_each(How, Count, Incarnation, Tooks) ->
    Pid = whereis(answerer),
    Start = erlang:monotonic_time(nanosecond),
    end_it(How, Pid),
    Next = answer_of_next(Incarnation),
    Took = erlang:monotonic_time(nanosecond) - Start,
    %% The very next incarnation, and no other.
    Next = Incarnation + 1,
    die_each(How, Count - 1, Next, [Took | Tooks]).

end_it(kill, Pid) -> exit(Pid, kill);
end_it(crash, Pid) -> Pid ! boom.

answer_of_next(Before) ->
    case catch gen_server:call(answerer, who) of
        Incarnation when is_integer(Incarnation), Incarnation > Before -> Incarnation;
        _ -> erlang:yield(), answer_of_next(Before)
    end.

children(Count) ->
    {ok, Sup} = supervisor:start_link(?MODULE, {simple_one_for_one, 1, [instance]}),
    Start = erlang:monotonic_time(nanosecond),
    start_each(Sup, Count),
    Took = erlang:monotonic_time(nanosecond) - Start,
    Counted = proplists:get_value(active, supervisor:count_children(Sup)),
    stop(Sup),
    io:format("children ~b ~b~n", [Took, Counted]).

start_each(_, 0) -> ok;
start_each(Sup, Count) ->
    {ok, _} = supervisor:start_child(Sup, [Count]),
    start_each(Sup, Count - 1).

stop(Sup) ->
    exit(Sup, shutdown),
    receive {'EXIT', Sup, _} -> ok end.

init({Strategy, Intensity, Children}) ->
    {ok, {#{strategy => Strategy, intensity => Intensity, period => 3600}, [spec(Strategy, Child) || Child <- Children]}}.

spec(simple_one_for_one, Id) -> #{id => Id, start => {?MODULE, start_child, [none]}, shutdown => brutal_kill};
spec(_, Id) -> #{id => Id, start => {?MODULE, start_child, [Id, 0]}, shutdown => brutal_kill}.

%% A child is a process started with a handshake, as a gen_server is, and answers calls as one.
start_child(Name, Argument) -> proc_lib:start_link(?MODULE, child, [Name, Argument]).

child(none, Argument) ->
    proc_lib:init_ack({ok, self()}),
    loop(Argument);
child(Name, _) ->
    register(Name, self()),
    Incarnation = ets:update_counter(incarnations, Name, 1, {Name, 0}),
    proc_lib:init_ack({ok, self()}),
    loop(Incarnation).

loop(State) ->
    receive
        {'$gen_call', From, who} -> gen:reply(From, State), loop(State);
        boom -> error(boom)
    end.
