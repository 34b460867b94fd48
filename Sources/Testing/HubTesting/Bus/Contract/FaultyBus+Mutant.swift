// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

extension FaultyBus {
    /// One promise that is broken, and otherwise all is right.
    package enum Mutant: String, CaseIterable, Sendable {
        // Publications.
        case settlesTwice, neverSettles, settlesLate, settlesForeign, failsAll, settlesAfterDown, settlesWithoutServer
        case takesTooLarge, settlesSomeThousands
        // Messages.
        case swapsMessages, dropsOne, duplicatesOne, truncatesBytes, upperCasesTopic, trimsTopic, dropsOwn
        case ignoresBackPressure, losesWithoutRoom, reordersWithoutRoom, deliversWithoutServer, forgetsWhatCameMeanwhile
        // Interests.
        case ignoresPrefix, takesAllForPrefix, takesNamesForPatterns, deliversTwiceByPrefix, deliversAfterUnsubscribe,
            forgetsAnAddition
        case confirmsTooEarly, confirmsBeforeAsking, neverConfirms, confirmsOutOfOrder, confirmsTooMuch
        case forgetsInterestsOnReconnect, remembersOldInterests
        // Connections.
        case neverConnects, connectsOnceOnly, connectsTwice, connectsByItself, tellsDownTwice, forgetsDown,
            forgetsRefusal
        case callsBackAfterDisconnect, ignoresDisconnect, closeNeverCallsBack, closeCallsBackTwice, tellsAfterClose
        case callsFromAnotherThread

        /// Whether it shows in nothing but that something never comes, or comes late.
        package var isFoundByWaiting: Bool {
            switch self {
            case .neverSettles, .settlesLate, .settlesSomeThousands, .dropsOne, .upperCasesTopic, .trimsTopic,
                .dropsOwn, .losesWithoutRoom, .forgetsWhatCameMeanwhile, .ignoresPrefix, .forgetsAnAddition,
                .confirmsBeforeAsking,
                .neverConfirms, .forgetsInterestsOnReconnect, .neverConnects, .connectsOnceOnly, .forgetsDown,
                .forgetsRefusal, .closeNeverCallsBack:
                true
            default: false
            }
        }

        /// The check that must find it.
        package var killer: BusContract.Check {
            switch self {
            case .settlesTwice, .neverSettles, .settlesLate, .settlesForeign, .failsAll, .callsFromAnotherThread:
                .settlesEachPublicationOnce
            case .settlesAfterDown, .tellsDownTwice, .forgetsDown, .connectsByItself: .tellsALostConnectionOnce
            case .settlesWithoutServer, .deliversWithoutServer, .confirmsTooEarly: .linkAnswersInTimeWhileFrozen
            case .takesTooLarge: .refusesWhatIsTooLarge
            case .settlesSomeThousands: .linkPublishesAll
            case .connectsOnceOnly: .linkLeavesAFrozenServer
            case .takesNamesForPatterns: .takesNamesForNoPatterns
            case .swapsMessages, .dropsOne, .duplicatesOne: .keepsTheOrderOfATopic
            case .truncatesBytes: .keepsEveryByte
            case .upperCasesTopic, .trimsTopic: .carriesAnyName
            case .dropsOwn: .deliversToAllNodes
            case .ignoresBackPressure, .losesWithoutRoom, .reordersWithoutRoom: .stopsWithoutRoom
            case .forgetsWhatCameMeanwhile: .deliversWhatCameMeanwhile
            case .ignoresPrefix, .takesAllForPrefix, .deliversTwiceByPrefix: .takesAPrefixForAllBelow
            case .deliversAfterUnsubscribe: .endsInterests
            case .forgetsAnAddition: .changesInterestsBackAndForth
            case .confirmsBeforeAsking: .hasWhatItConfirms
            case .neverConfirms, .confirmsOutOfOrder, .confirmsTooMuch: .confirmsInterestsInOrder
            case .forgetsInterestsOnReconnect: .linkComesBack
            case .remembersOldInterests: .beginsAnewWithAConnection
            case .neverConnects, .connectsTwice: .linkIsReadyAfterItsProbe
            case .forgetsRefusal: .tellsARefusedConnectionOnce
            case .callsBackAfterDisconnect, .ignoresDisconnect: .isSilentOnceDisconnected
            case .closeNeverCallsBack: .linkAnswersAllWhenItCloses
            case .closeCallsBackTwice: .closesAtAnyTime
            case .tellsAfterClose: .closesOnceWithWorkUnderWay
            }
        }
    }
}
